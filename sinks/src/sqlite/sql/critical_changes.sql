-- The critical syncs of a customer, of one request or all, the earliest first. ?2: the request, or null.
select customer_id, request_id, changes_hash, sync_type, priority, changes, source, status, event_id, at, origin, correlation_id,
    decided_by, decided_at, reason
from critical_changes
where customer_id = ?1 and (?2 is null or request_id = ?2)
order by at, request_id, changes_hash
