DROP INDEX seen_events_by_age;
CREATE INDEX seen_events_at ON seen_events USING brin (at);
