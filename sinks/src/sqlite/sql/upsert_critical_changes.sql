-- Notes critical syncs. Of several events that put one question one that waits stands over those applied, then the earliest, whichever came
-- first; what an administrator has decided over stays (CriticalChange::stands_over).
insert into critical_changes (customer_id, request_id, changes_hash, sync_type, priority, changes, source, status, event_id, at, origin,
    correlation_id)
values {rows}
on conflict (customer_id, request_id, changes_hash) do update set
    sync_type = excluded.sync_type, priority = excluded.priority, changes = excluded.changes, source = excluded.source,
    status = excluded.status, event_id = excluded.event_id, at = excluded.at, origin = excluded.origin,
    correlation_id = excluded.correlation_id
where critical_changes.status not in ('approved', 'rejected')
    and (excluded.status <> 'pending_approval', excluded.at, excluded.event_id,
        excluded.origin ->> 'topic', excluded.origin ->> 'partition', excluded.origin ->> 'offset')
    < (critical_changes.status <> 'pending_approval', critical_changes.at, critical_changes.event_id,
        critical_changes.origin ->> 'topic', critical_changes.origin ->> 'partition', critical_changes.origin ->> 'offset')
