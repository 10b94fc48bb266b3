-- A profile as flat rows, one for each interviewer: $1 candidate, $2 account.
SELECT
    c.id AS c_id, c.name AS c_name, c.headline, c.emails, s.id AS s_id, s.name AS s_name,
    p.id AS p_id, p.external_url, p.timezone, p.note, p.starts_at AS p_starts_at, p.ends_at AS p_ends_at, p.version,
    CASE
        WHEN p.canceled_at IS NOT NULL THEN 'CANCELED'
        WHEN p.tentative THEN 'TENTATIVE'
        WHEN p.ends_at > now() THEN 'SCHEDULED'
        WHEN p.feedback_due > 0 THEN 'AWAITING_FEEDBACK'
        ELSE 'COMPLETE'
    END AS p_status,
    i.id AS i_id, i.subject, i.location, i.meeting_url, i.starts_at AS i_starts_at, i.ends_at AS i_ends_at,
    (extract(epoch FROM i.ends_at - i.starts_at) / 60)::int AS duration_minutes,
    r.id AS r_id, r.response_status, r.feedback_required, u.id AS u_id, u.name AS u_name, u.email,
    f.id AS f_id, f.status AS f_status
FROM candidate c
JOIN stage s ON s.id = c.stage_id
LEFT JOIN LATERAL (
    SELECT * FROM panel
    WHERE candidate_id = c.id AND account_id = c.account_id AND canceled_at IS NULL
    ORDER BY listed_at, id
    LIMIT 10
) p ON true
LEFT JOIN interview i ON i.panel_id = p.id AND i.canceled_at IS NULL
LEFT JOIN interviewer r ON r.interview_id = i.id
LEFT JOIN "user" u ON u.id = r.user_id
LEFT JOIN feedback_form f ON f.id = r.form_id
WHERE c.id = $1 AND c.account_id = $2
ORDER BY p.listed_at, p.id, i.starts_at, i.id, r.position, r.id
