-- Notes changes of the followed values. Unique by customer, version and field: a batch whose COMMIT was lost writes the same again.
insert into profile_history (customer_id, version, field, before, after, event_id, at)
values {rows}
on conflict (customer_id, version, field) do nothing
