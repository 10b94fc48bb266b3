-- The panel that a push is about, locked: $1 integration, $2 external id.
SELECT id FROM panel WHERE integration_id = $1 AND external_id = $2 FOR UPDATE
