"""GraphQL operations over the schema: read, bounded, paid for, executed and rendered."""
