-- Keeps records that could not be processed. One that was refused before was tried once more; the rest of its row stays. Answers the ids of
-- those that were not kept before: only they are to be published.
insert into dead_letters (
    id, pipeline, stage, reason, violations, topic, partition, "offset", key, headers, value, record_timestamp, first_seen
)
values {rows}
on conflict (id) do update set attempts = dead_letters.attempts + 1
returning id, attempts = 1 as is_new
