drop index seen_events_by_age;
create index seen_events_by_time on seen_events (at);
