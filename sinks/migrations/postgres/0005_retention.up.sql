-- Events that were seen are forgotten after a while, oldest first, a few at a time. Rows are deleted and others take their place, so
-- that a page soon holds old and new: a BRIN index would lead to every page.
DROP INDEX seen_events_at;
CREATE INDEX seen_events_by_age ON seen_events (pipeline, at);
