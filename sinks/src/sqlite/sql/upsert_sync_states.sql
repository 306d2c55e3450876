-- Writes where customers' syncs stand; versions were compared under the write lock. A timer that was taken is given back.
insert into sync_states (customer_id, version, due, state) values {rows}
on conflict (customer_id) do update set
    version = excluded.version, due = excluded.due, taken_until = null, state = excluded.state
