DROP TABLE backfills;
DROP VIEW customer_history;
DROP VIEW dash_recent_activity;
CREATE VIEW dash_recent_activity AS
SELECT at, 'profile' AS source, customer_id, field AS what, before, after, event_id AS by_whom
FROM profile_history
UNION ALL
SELECT at, 'administrator', customer_id, action, before::text, after::text, who
FROM admin_activity;
COMMENT ON VIEW dash_recent_activity IS 'What changed, by events and by hand. Order by at, descending, within a range of time.';
DROP TABLE sync_history;
ALTER TABLE sync_requests DROP COLUMN requested_by, DROP COLUMN requested_at, DROP COLUMN duration_ms;
CREATE INDEX sync_requests_due ON sync_requests (deadline) WHERE status IN ('scheduled', 'pending');
DROP TABLE sync_states;
