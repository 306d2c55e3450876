-- Sets how far partitions are resolved: to what the batch says, even if that is lower. Only the lease's holder gets here, so a lower
-- one is meant: somebody reset the position, and the records from there on are being read again.
insert into pipeline_positions (pipeline, segment, broker, topic, partition, "offset", incarnation, updated_at)
values {rows}
on conflict (pipeline, segment, broker, topic, partition) do update set
    "offset" = excluded."offset", incarnation = excluded.incarnation, updated_at = excluded.updated_at
