drop view dash_recent_activity;
drop view dash_data_versions;
drop view dash_alerts;
drop view dash_attention;
drop view dash_sync_health;
drop view dash_compliance_trend;
drop view dash_risk;
drop view dash_completeness;
