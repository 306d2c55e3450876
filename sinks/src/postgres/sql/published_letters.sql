-- Dead letters as they are published: the beginning of each one's bytes, and how many there are. Takes no lock.
-- $1 ids, $2 bytes at most.
SELECT id, stage, reason::text AS reason, violations::text AS violations, topic, partition, "offset", key, headers::text AS headers,
    substring(value FOR $2) AS value, octet_length(value)::bigint AS size_bytes, record_timestamp, first_seen, attempts
FROM dead_letters
WHERE id = ANY($1)
