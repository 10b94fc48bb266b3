-- What happened, at the account's next positions: $1 account, $2 panel, $3 candidate, $4 actor, $5 now;
-- of each form: $6 id, $7 user.
WITH
head AS (
    UPDATE account SET position = position + 1 + cardinality($6::text[]) WHERE id = $1
    RETURNING position - cardinality($6::text[]) AS first
),
entries AS (
    INSERT INTO log_entry (
        account_id, position, topic, kind, subject_id, candidate_id, panel_id, user_id, actor_id, at
    )
    SELECT $1, first + place, 'FEEDBACK_FORMS', 'FORM_CREATED', form_id, $3, $2, user_id, $4, $5
    FROM head, unnest($6::text[], $7::text[]) WITH ORDINALITY AS its (form_id, user_id, place)
)
INSERT INTO change (account_id, position, panel_id, candidate_id, kind, actor_id, at)
SELECT $1, first, $2, $3, 'CREATED', $4, $5 FROM head
