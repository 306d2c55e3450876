DROP VIEW dash_completeness, dash_risk, dash_compliance_trend, dash_sync_health, dash_attention, dash_alerts, dash_data_versions,
    dash_recent_activity;
