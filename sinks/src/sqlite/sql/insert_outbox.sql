-- Queues what is to be published. An effect's id is its own and its content follows from it: one that waits already stays as it is.
-- A profile waits once, in its first place, with the topic and the version that it has now.
insert into outbox (pipeline, id, kind, topic, key, value, headers, record_timestamp, version)
values {rows}
on conflict (pipeline, id) do update set topic = excluded.topic, version = excluded.version
where outbox.kind = 'profile'
