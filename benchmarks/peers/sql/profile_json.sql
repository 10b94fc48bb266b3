-- A profile as one JSON text: $1 candidate, $2 account, $3 the beginning of feedback links.
SELECT json_build_object('candidate', json_build_object(
    'id', c.id, 'name', c.name, 'headline', c.headline, 'emails', c.emails,
    'stage', json_build_object('id', s.id, 'name', s.name),
    'interviewPanels', json_build_object('edges', (
        SELECT coalesce(json_agg(json_build_object('node', json_build_object(
            'id', p.id, 'externalUrl', p.external_url,
            'status', CASE
                WHEN p.canceled_at IS NOT NULL THEN 'CANCELED'
                WHEN p.tentative THEN 'TENTATIVE'
                WHEN p.ends_at > now() THEN 'SCHEDULED'
                WHEN p.feedback_due > 0 THEN 'AWAITING_FEEDBACK'
                ELSE 'COMPLETE'
            END,
            'timezone', p.timezone, 'note', p.note, 'startsAt', p.starts_at, 'endsAt', p.ends_at,
            'version', p.version,
            'interviews', (
                SELECT coalesce(json_agg(json_build_object(
                    'id', i.id, 'subject', i.subject, 'location', i.location, 'meetingUrl', i.meeting_url,
                    'startsAt', i.starts_at, 'endsAt', i.ends_at,
                    'durationMinutes', (extract(epoch FROM i.ends_at - i.starts_at) / 60)::int,
                    'interviewers', (
                        SELECT coalesce(json_agg(json_build_object(
                            'responseStatus', r.response_status, 'feedbackRequired', r.feedback_required,
                            'user', json_build_object('id', u.id, 'name', u.name, 'email', u.email),
                            'feedbackForm', CASE WHEN f.id IS NOT NULL THEN
                                json_build_object('id', f.id, 'url', $3::text || f.id, 'status', f.status) END
                        ) ORDER BY r.position, r.id), '[]')
                        FROM interviewer r
                        JOIN "user" u ON u.id = r.user_id
                        LEFT JOIN feedback_form f ON f.id = r.form_id
                        WHERE r.interview_id = i.id
                    )
                ) ORDER BY i.starts_at, i.id), '[]')
                FROM interview i
                WHERE i.panel_id = p.id AND i.canceled_at IS NULL
            )
        )) ORDER BY p.listed_at, p.id), '[]')
        FROM (
            SELECT * FROM panel
            WHERE candidate_id = c.id AND account_id = c.account_id AND canceled_at IS NULL
            ORDER BY listed_at, id
            LIMIT 10
        ) p
    ))
))::text
FROM candidate c
JOIN stage s ON s.id = c.stage_id
WHERE c.id = $1 AND c.account_id = $2
