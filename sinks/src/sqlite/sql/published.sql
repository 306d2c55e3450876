-- Forgets what was published. A profile that was raised since stays: it is to be sent again. One whose entry names an older version
-- than the one that was sent (another pipeline raised the row) is sent, too.
-- The entries that were sent lead, and each is found by its number: `cross join` and `+` keep SQLite from scanning the outbox instead.
-- An entry whose row was gone goes if nobody announced it anew, and the row is gone still.
-- ?1: the pipeline; ?2: a JSON array of [seq, version, whether the row was gone], the version 0 for all but profiles.
delete from outbox
where +pipeline = ?1 and seq in (
    select waiting.seq
    from json_each(?2) as sent
    cross join outbox as waiting on waiting.seq = sent.value ->> 0
    where case
        when not sent.value ->> 2 then coalesce(waiting.version, 0) <= sent.value ->> 1
        when coalesce(waiting.version, 0) <> sent.value ->> 1 then false
        when waiting.kind = 'profile' then not exists (select 1 from {table} where {customer_id} = waiting.key)
        else not exists (select 1 from dead_letters as letter where letter.id = waiting.key)
    end
)
