-- Which of these events were stored. Takes no lock: write_records.sql finds those that are stored meanwhile.
SELECT event_id FROM seen_events WHERE pipeline = $1 AND event_id = ANY($2)
