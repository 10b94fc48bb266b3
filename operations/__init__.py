"""GraphQL operations over the schema: read, limited, charged, executed and rendered."""
