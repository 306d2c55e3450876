-- Adds to the history of syncs. A line that is there already is the same one.
insert into sync_history (customer_id, seq, sync_id, attempt, what, who, why, before, after, at) values {rows}
on conflict (customer_id, seq) do nothing
