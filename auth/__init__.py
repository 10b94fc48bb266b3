"""Who is asking: users by the JWT of an identity provider, integrations by an API key."""
