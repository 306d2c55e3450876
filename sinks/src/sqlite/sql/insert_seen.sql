-- Remembers events whose effects this transaction writes. Those remembered before made it stale, and it does not come here.
insert into seen_events (pipeline, event_id, at) values {rows} on conflict (pipeline, event_id) do nothing
