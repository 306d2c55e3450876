-- Notes what administrators did. An act is written once.
insert into admin_activity (id, who, role, action, customer_id, reason, before, after, at, request_id)
values {rows}
on conflict (id) do nothing
