-- The dead letters of a pipeline that a filter lets through, oldest first; a null filter lets all through. Of each value the
-- first $10 bytes; null: all. Locks nothing.
SELECT id, stage, reason::text AS reason, violations::text AS violations, topic, partition, "offset", key, headers::text AS headers,
    substring(value FOR coalesce($10::integer, 2147483647)) AS value, octet_length(value)::bigint AS size_bytes,
    record_timestamp, first_seen, attempts
FROM dead_letters
WHERE pipeline = $1
    AND ($2::dead_letter_reason IS NULL OR reason = $2::dead_letter_reason)
    AND ($3::text IS NULL OR stage = $3)
    AND ($4::text IS NULL OR topic = $4)
    AND ($5::timestamptz IS NULL OR first_seen >= $5)
    AND ($6::timestamptz IS NULL OR first_seen < $6)
    AND ($7::uuid IS NULL OR id BETWEEN $7 AND $8)
ORDER BY first_seen, topic, partition, "offset"
LIMIT $9
