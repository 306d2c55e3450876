-- Events that were seen are forgotten after a while: a pipeline's own, oldest first, a few at a time.
drop index seen_events_by_time;
create index seen_events_by_age on seen_events (pipeline, at);
