-- Who is booked meanwhile: $1 account, $2 users, $3 from, $4 until, $5 the panel itself.
SELECT seat.user_id, other.starts_at, other.ends_at
FROM interview AS other
JOIN interviewer AS seat ON seat.interview_id = other.id
JOIN panel ON panel.id = other.panel_id
WHERE other.account_id = $1 AND other.starts_at > $3::timestamptz - interval '1 day' AND other.starts_at < $4
    AND other.ends_at > $3 AND other.canceled_at IS NULL AND panel.canceled_at IS NULL
    AND seat.user_id = ANY($2::text[]) AND other.panel_id <> $5
