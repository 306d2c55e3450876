-- Takes a lease that nobody else holds, and raises its epoch. ?6: the owner; ?7: how long it lasts, as a modifier of SQLite's times.
insert into leases (pipeline, segment, broker, topic, partition, owner, epoch, expires_at)
values (?1, ?2, ?3, ?4, ?5, ?6, 1, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', ?7))
on conflict (pipeline, segment, broker, topic, partition) do update set
    owner = excluded.owner, epoch = leases.epoch + 1, expires_at = excluded.expires_at
returning epoch
