-- The change, at the account's next position: $1 account, $2 panel, $3 candidate, $4 actor, $5 now.
WITH head AS (UPDATE account SET position = position + 1 WHERE id = $1 RETURNING position)
INSERT INTO change (account_id, position, panel_id, candidate_id, kind, actor_id, at)
SELECT $1, position, $2, $3, 'CREATED', $4, $5 FROM head
