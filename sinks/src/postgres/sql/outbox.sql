-- The oldest entries of a pipeline's outbox for some topics, until they have so many bytes together; the first one in any case. An entry whose profile or
-- dead letter is gone has no size: it comes, to be deleted. Takes no lock: one publisher a pipeline holds a lease,
-- and an entry that is sent twice has the same id.
--
-- $1 pipeline, $2 entries at most, $3 bytes, $4 bytes of a dead letter at most, $5 topics, null for all.
SELECT seq, id, kind::text AS kind, topic, key, value, headers::text AS headers, record_timestamp, version
FROM (
    SELECT *, sum(size_bytes) OVER (ORDER BY seq) - size_bytes AS bytes_before
    FROM (
        SELECT waiting.*, coalesce(sized.size_bytes, 0) AS size_bytes
        -- Before their sizes are asked for: those of entries that stay behind are nobody's business.
        FROM (
            SELECT * FROM outbox WHERE pipeline = $1 AND ($5::text[] IS NULL OR topic = ANY ($5)) ORDER BY seq LIMIT $2
        ) AS waiting
        CROSS JOIN LATERAL (
            SELECT CASE waiting.kind
                WHEN 'effect' THEN octet_length(waiting.value)
                WHEN 'profile' THEN (SELECT {json_bytes} FROM {table} WHERE {customer_id} = waiting.key)
                WHEN 'dead_letter' THEN (SELECT least(octet_length(letter.value), $4) FROM dead_letters AS letter
                    WHERE letter.id = waiting.key::uuid)
            END AS size_bytes
            -- Keeps the sizes from being worked out twice.
            OFFSET 0
        ) AS sized
    ) AS next
) AS next
WHERE bytes_before < $3
ORDER BY seq
