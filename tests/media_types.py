"""The media types of GraphQL over HTTP, and the smallest query."""

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
SCHEMA = "{ __typename }"
