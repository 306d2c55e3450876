-- Forgets what was published. A profile that has another version by now stays: it is to be sent again.
-- ?1: the pipeline; ?2: a JSON array of [seq, version], the version 0 for all but profiles.
delete from outbox
where pipeline = ?1 and (seq, coalesce(version, 0)) in (select value ->> 0, value ->> 1 from json_each(?2))
