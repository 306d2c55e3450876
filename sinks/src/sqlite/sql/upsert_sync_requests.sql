-- Writes syncs as they stand now.
insert into sync_requests (sync_id, customer_id, reason, priority, requested_data, status, attempt, started_at, deadline, finished_at,
    steps, error, requested_by, requested_at, duration_ms)
values {rows}
on conflict (sync_id) do update set
    reason = excluded.reason, priority = excluded.priority, requested_data = excluded.requested_data, status = excluded.status,
    attempt = excluded.attempt, started_at = excluded.started_at, deadline = excluded.deadline, finished_at = excluded.finished_at,
    steps = excluded.steps, error = excluded.error, requested_by = excluded.requested_by, requested_at = excluded.requested_at,
    duration_ms = excluded.duration_ms
