-- Notes critical syncs. One that is there already stays, with what an administrator decided.
insert into critical_changes (customer_id, request_id, sync_type, priority, changes, source, status, event_id, at, origin)
values {rows}
on conflict (customer_id, request_id) do nothing
