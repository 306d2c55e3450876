-- Notes critical syncs. Of several events with one request the earliest stands, whichever came first; what an administrator has decided
-- over stays.
insert into critical_changes (customer_id, request_id, sync_type, priority, changes, source, status, event_id, at, origin)
values {rows}
on conflict (customer_id, request_id) do update set
    sync_type = excluded.sync_type, priority = excluded.priority, changes = excluded.changes, source = excluded.source,
    status = excluded.status, event_id = excluded.event_id, at = excluded.at, origin = excluded.origin
where critical_changes.status not in ('approved', 'rejected')
    and (excluded.at, excluded.event_id) < (critical_changes.at, critical_changes.event_id)
