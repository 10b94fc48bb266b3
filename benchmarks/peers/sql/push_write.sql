-- A new panel with all its parts. $1 account, $2 integration, $3 candidate, $4 stage, $5 panel, $6 external id,
-- $7 external URL, $8 time zone, $9 note, $10 sequence, $11 starts, $12 ends, $13 now, $14 template;
-- of each interview: $15 id, $16 external id, $17 subject, $18 starts, $19 ends;
-- of each seat: $20 id, $21 interview, $22 user, $23 position, $24 form; $25 organizer.
WITH
new_panel AS (
    INSERT INTO panel (
        id, created_at, account_id, integration_id, candidate_id, stage_id, external_id, external_url, timezone, note,
        tentative, sequence, declared_sequence, pushed_sequence, early_cancels, version, starts_at, ends_at, listed_at,
        feedback_due, created_by_id, updated_at
    )
    VALUES (
        $5, $13, $1, $2, $3, $4, $6, $7, $8, $9, false, $10, $10, $10, '{}', 1, $11, $12, $11,
        cardinality($20::text[]), $2, $13
    )
),
new_interviews AS (
    INSERT INTO interview (
        id, created_at, account_id, panel_id, external_id, subject, starts_at, ends_at, feedback_reminder, sequence,
        listed, updated_at, integration_id, calendar_stamp, organizer_id
    )
    SELECT id, $13, $1, $5, external_id, subject, starts_at, ends_at, 'DAILY', $10, true, $13, $2, $13, $25
    FROM unnest($15::text[], $16::text[], $17::text[], $18::timestamptz[], $19::timestamptz[])
        AS its (id, external_id, subject, starts_at, ends_at)
),
new_forms AS (
    INSERT INTO feedback_form (
        id, created_at, account_id, panel_id, interview_id, user_id, template_id, version_id, status, fields
    )
    SELECT its.id, $13, $1, $5, its.interview_id, its.user_id, template.id, stored_version_id, 'PENDING', '[null]'
    FROM unnest($24::text[], $21::text[], $22::text[]) AS its (id, interview_id, user_id), feedback_template AS template
    WHERE template.id = $14 AND template.account_id = $1 AND archived_at IS NULL
)
INSERT INTO interviewer (
    id, created_at, panel_id, interview_id, user_id, position, starts_at, response_status, feedback_required,
    template_id, form_id
)
SELECT its.id, $13, $5, interview_id, user_id, position, starts_at, 'NEEDS_ACTION', true, $14, form_id
FROM unnest($20::text[], $21::text[], $22::text[], $23::int[], $24::text[])
    AS its (id, interview_id, user_id, position, form_id)
JOIN unnest($15::text[], $18::timestamptz[]) AS interview (id, starts_at) ON interview.id = interview_id
