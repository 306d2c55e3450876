-- The oldest entries of a pipeline's outbox. Takes no lock: one publisher a pipeline holds a lease, and an entry that is sent twice has
-- the same id.
SELECT seq, id, kind::text AS kind, topic, key, value, headers::text AS headers, record_timestamp
FROM outbox
WHERE pipeline = $1
ORDER BY seq
LIMIT $2
