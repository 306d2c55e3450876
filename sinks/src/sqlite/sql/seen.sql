-- Which of these events had their effects. ?1: the pipeline; ?2: a JSON array of event ids.
select event_id from seen_events where pipeline = ?1 and event_id in (select value from json_each(?2))
