-- What PostGraphile can't guess: derived values, and lists with a filter. It inlines such functions into its statements.
BEGIN;
SELECT pg_advisory_xact_lock(1);

CREATE OR REPLACE FUNCTION panel_status(panel panel) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN panel.canceled_at IS NOT NULL THEN 'CANCELED'
        WHEN panel.tentative THEN 'TENTATIVE'
        WHEN panel.ends_at > now() THEN 'SCHEDULED'
        WHEN panel.feedback_due > 0 THEN 'AWAITING_FEEDBACK'
        ELSE 'COMPLETE'
    END
$$;

CREATE OR REPLACE FUNCTION panel_version_number(panel panel) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT panel.version::int  -- a bigint would be printed as text
$$;

CREATE OR REPLACE FUNCTION interview_duration_minutes(interview interview) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT (extract(epoch FROM interview.ends_at - interview.starts_at) / 60)::int
$$;

CREATE OR REPLACE FUNCTION feedback_form_url(form feedback_form) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'http://127.0.0.1:8000/feedback/' || form.id
$$;

CREATE OR REPLACE FUNCTION candidate_upcoming_panels(candidate candidate) RETURNS SETOF panel LANGUAGE sql STABLE AS $$
    SELECT * FROM panel
    WHERE candidate_id = candidate.id AND account_id = candidate.account_id
        AND canceled_at IS NULL AND ends_at > now()
    ORDER BY listed_at, id
$$;

-- Columns without an index can only be filtered by and ordered by where that is asked for.
COMMENT ON COLUMN interviewer.position IS '@behavior orderBy';
COMMENT ON COLUMN candidate.archived_at IS '@behavior filterBy';
COMMENT ON COLUMN panel.canceled_at IS '@behavior filterBy';
COMMENT ON COLUMN interview.canceled_at IS '@behavior filterBy';

COMMIT;
