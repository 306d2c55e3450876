-- What is to be published next to some topics, oldest first, until it has so many bytes together; the first entry in any case. An entry whose profile or
-- dead letter is gone has no size: it comes, to be deleted. The window sees numbers and sizes only: payloads are read once it is known
-- which. `+` keeps SQLite from sorting all that waits, found by its id: by number it is in order already, and the rest is never looked at.
-- ?1: the pipeline; ?2: at most so many; ?3: bytes; ?4: bytes of a dead letter at most; ?5: topics, a
-- JSON array, null for all.
select waiting.seq, waiting.id, waiting.kind, waiting.topic, waiting.key, waiting.value, waiting.headers, waiting.record_timestamp,
    waiting.version
from (
    select seq, sum(size_bytes) over (order by seq) - size_bytes as bytes_before
    from (
        select seq, size_bytes
        from (
            select seq, coalesce(case kind
                when 'effect' then octet_length(value)
                when 'profile' then (select {json_bytes} from {table} where {customer_id} = outbox.key)
                when 'dead_letter' then (select min(octet_length(letter.value), ?4) from dead_letters as letter
                    where letter.id = outbox.key)
            end, 0) as size_bytes
            from outbox
            where +pipeline = ?1 and (?5 is null or topic in (select value from json_each(?5)))
        )
        order by seq
        limit ?2
    )
) as next
cross join outbox as waiting on waiting.seq = next.seq
where next.bytes_before < ?3
order by waiting.seq
