-- A page of candidates with their upcoming panels as flat rows: $1 account. One candidate more tells of a next page.
SELECT
    c.id AS c_id, c.name AS c_name, c.headline, s.id AS s_id, s.name AS s_name,
    p.id AS p_id, p.external_url, p.timezone, p.starts_at AS p_starts_at, p.ends_at AS p_ends_at,
    CASE WHEN p.tentative THEN 'TENTATIVE' ELSE 'SCHEDULED' END AS p_status
FROM (
    SELECT * FROM candidate
    WHERE account_id = $1 AND archived_at IS NULL
    ORDER BY name, id
    LIMIT 101
) c
JOIN stage s ON s.id = c.stage_id
LEFT JOIN LATERAL (
    SELECT * FROM panel
    WHERE candidate_id = c.id AND account_id = c.account_id AND canceled_at IS NULL AND ends_at > now()
    ORDER BY listed_at, id
    LIMIT 5
) p ON true
ORDER BY c.name, c.id, p.listed_at, p.id
