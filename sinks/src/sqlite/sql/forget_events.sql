-- Forgets the oldest of a pipeline's seen events that were written before a time. By the index on (pipeline, at).
-- ?1: the pipeline; ?2: the time; ?3: at most so many.
delete from seen_events
where pipeline = ?1 and event_id in (
    select event_id from seen_events where pipeline = ?1 and at < ?2 order by at limit ?3
)
