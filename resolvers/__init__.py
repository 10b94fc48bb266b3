"""The rules: plain functions from a viewer and values to models and outcomes. No GraphQL, no HTTP."""
