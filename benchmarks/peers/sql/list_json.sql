-- A page of candidates with their upcoming panels as one JSON text: $1 account.
SELECT json_build_object('candidates', json_build_object(
    'edges', coalesce(json_agg(json_build_object('node', json_build_object(
        'id', c.id, 'name', c.name, 'headline', c.headline,
        'stage', json_build_object('id', s.id, 'name', s.name),
        'interviewPanels', json_build_object('edges', (
            SELECT coalesce(json_agg(json_build_object('node', json_build_object(
                'id', p.id, 'externalUrl', p.external_url,
                'status', CASE WHEN p.tentative THEN 'TENTATIVE' ELSE 'SCHEDULED' END,
                'timezone', p.timezone, 'startsAt', p.starts_at, 'endsAt', p.ends_at
            )) ORDER BY p.listed_at, p.id), '[]')
            FROM (
                SELECT * FROM panel
                WHERE candidate_id = c.id AND account_id = c.account_id AND canceled_at IS NULL AND ends_at > now()
                ORDER BY listed_at, id
                LIMIT 5
            ) p
        ))
    )) ORDER BY c.name, c.id) FILTER (WHERE c.place <= 100), '[]'),
    'pageInfo', json_build_object('hasNextPage', count(*) > 100)
))::text
FROM (
    SELECT *, row_number() OVER () AS place
    FROM (
        SELECT * FROM candidate
        WHERE account_id = $1 AND archived_at IS NULL
        ORDER BY name, id
        LIMIT 101
    ) page
) c
JOIN stage s ON s.id = c.stage_id
