-- A critical sync keeps what ties it to the events that caused it.
ALTER TABLE critical_changes ADD COLUMN correlation_id text;
COMMENT ON COLUMN critical_changes.correlation_id IS 'What ties it to the events that caused it, as sent.';
COMMENT ON TABLE sync_states IS 'The engine''s own: where the syncs of a customer stand. One row a customer that has a profile, or ever had a sync.';
