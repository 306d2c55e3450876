-- Keeps records that could not be processed. Answers the ids of those that were not kept before: only they are to be published.
insert into dead_letters (
    id, pipeline, stage, reason, violations, topic, partition, "offset", key, headers, value, record_timestamp, first_seen
)
values {rows}
on conflict do nothing
returning id
