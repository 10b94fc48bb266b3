-- Who is booked meanwhile: $1 account, $2 users, $3 from, $4 until, $5 the panel itself.
SELECT seat.user_id, other.starts_at, other.ends_at
FROM interviewer AS seat
JOIN interview AS other ON other.id = seat.interview_id
JOIN panel ON panel.id = other.panel_id
WHERE seat.user_id = ANY($2::text[]) AND seat.starts_at > $3::timestamptz - interval '1 day' AND seat.starts_at < $4
    AND other.account_id = $1 AND other.ends_at > $3 AND other.canceled_at IS NULL AND panel.canceled_at IS NULL
    AND other.panel_id <> $5
