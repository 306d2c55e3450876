DROP TABLE profile_alerts, profile_history, sync_requests, critical_changes, admin_activity;
DROP TYPE alert_kind, alert_level, alert_status, sync_request_status, critical_sync_type, change_status;
