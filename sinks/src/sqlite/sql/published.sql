-- Forgets what was published. A profile that was raised since stays: it is to be sent again. One whose entry names an older version
-- than the one that was sent (another pipeline raised the row) is sent, too.
-- The entries that were sent lead, and each is found by its number: `cross join` and `+` keep SQLite from scanning the outbox instead.
-- ?1: the pipeline; ?2: a JSON array of [seq, version], the version 0 for all but profiles.
delete from outbox
where +pipeline = ?1 and seq in (
    select waiting.seq
    from json_each(?2) as sent
    cross join outbox as waiting on waiting.seq = sent.value ->> 0
    where coalesce(waiting.version, 0) <= sent.value ->> 1
)
