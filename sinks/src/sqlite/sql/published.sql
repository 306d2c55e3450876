-- Forgets what was published. A profile that was raised since stays: it is to be sent again. One whose entry names an older version
-- than the one that was sent (another pipeline raised the row) is sent, too.
-- ?1: the pipeline; ?2: a JSON array of [seq, version], the version 0 for all but profiles.
delete from outbox
where pipeline = ?1
    and exists (select 1 from json_each(?2) as sent where sent.value ->> 0 = outbox.seq and coalesce(outbox.version, 0) <= sent.value ->> 1)
