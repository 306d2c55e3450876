-- Of several questions of one request the one that waits is kept, then the earliest, as before.
DELETE FROM critical_changes AS other
USING critical_changes AS kept
WHERE kept.customer_id = other.customer_id AND kept.request_id = other.request_id
    AND (kept.status <> 'pending_approval', kept.at, kept.event_id, kept.changes_hash)
    < (other.status <> 'pending_approval', other.at, other.event_id, other.changes_hash);
ALTER TABLE critical_changes DROP CONSTRAINT critical_changes_pkey, ADD PRIMARY KEY (customer_id, request_id);
ALTER TABLE critical_changes DROP COLUMN changes_hash;

COMMENT ON TABLE critical_changes IS 'Critical syncs and what became of them. One row a request.';
