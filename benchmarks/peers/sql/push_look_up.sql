-- What a push names: $1 account, $2 candidate's external id, $3 emails.
SELECT
    id, stage_id, owner_id, archived_at,
    (
        SELECT jsonb_object_agg(email, id) FROM "user"
        WHERE account_id = $1 AND email = ANY($3::text[]) AND deactivated_at IS NULL
    ) AS users
FROM candidate
WHERE account_id = $1 AND external_id = $2
