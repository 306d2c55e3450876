-- The critical syncs of a customer, of one request or all, the earliest first. Locks nothing.
--
-- $1 customer, $2 request or null.
SELECT customer_id, request_id, changes_hash, sync_type::text, priority::text, changes::text, source, status::text, event_id, at, origin::text,
    correlation_id, decided_by, decided_at, reason
FROM critical_changes
WHERE customer_id = $1 AND ($2::text IS NULL OR request_id = $2)
ORDER BY at, request_id, changes_hash
