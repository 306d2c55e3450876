-- Keeps records that could not be processed. One that was refused before was tried once more; the rest of its row stays. One whose bytes
-- are others than those at its origin is another record, of a topic that was made anew: it takes the row. Answers the ids of those that
-- were not kept before: only they are to be published.
insert into dead_letters (
    id, pipeline, stage, reason, violations, topic, partition, "offset", key, headers, value, record_timestamp, first_seen
)
values {rows}
on conflict (pipeline, topic, partition, "offset") do update set
    (id, stage, reason, violations, key, headers, value, record_timestamp, first_seen, attempts) = (
        select dead_letters.id, dead_letters.stage, dead_letters.reason, dead_letters.violations, dead_letters.key,
            dead_letters.headers, dead_letters.value, dead_letters.record_timestamp, dead_letters.first_seen, dead_letters.attempts + 1
        where dead_letters.value = excluded.value and dead_letters.key is excluded.key
        union all
        select excluded.id, excluded.stage, excluded.reason, excluded.violations, excluded.key,
            excluded.headers, excluded.value, excluded.record_timestamp, excluded.first_seen, excluded.attempts
        where dead_letters.value <> excluded.value or dead_letters.key is not excluded.key
    )
returning id, attempts = 1 as is_new
