-- A critical sync keeps what ties it to the events that caused it.
alter table critical_changes add column correlation_id text;
