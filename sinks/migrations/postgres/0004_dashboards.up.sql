-- What a dashboard's panels select from: one view a panel. Their columns keep these names whatever the table's are renamed to.

CREATE VIEW dash_completeness AS
SELECT {customer_type} AS customer_type,
       CASE WHEN {completeness} >= 90 THEN 'complete' WHEN {completeness} >= 50 THEN 'partial' ELSE 'minimal' END AS band,
       count(*) AS profiles,
       avg({completeness}) AS average_completeness
FROM {table}
GROUP BY 1, 2;

COMMENT ON VIEW dash_completeness IS 'Profiles by type and band of completeness.';
COMMENT ON COLUMN dash_completeness.customer_type IS 'PME or FINANCIAL_INSTITUTION.';
COMMENT ON COLUMN dash_completeness.band IS 'complete (90 and more), partial (50 to 89) or minimal.';
COMMENT ON COLUMN dash_completeness.profiles IS 'How many profiles.';
COMMENT ON COLUMN dash_completeness.average_completeness IS 'Their mean completeness, 0 to 100.';

CREATE VIEW dash_risk AS
SELECT {customer_type} AS customer_type,
       coalesce({risk_level}::text, 'not_assessed') AS risk_level,
       count(*) AS profiles,
       avg({risk_score}) AS average_risk_score,
       sum({total_assets_value}) AS total_assets_value,
       sum({total_stock_value}) AS total_stock_value
FROM {table}
GROUP BY 1, 2;

COMMENT ON VIEW dash_risk IS 'Profiles by type and risk level.';
COMMENT ON COLUMN dash_risk.customer_type IS 'PME or FINANCIAL_INSTITUTION.';
COMMENT ON COLUMN dash_risk.risk_level IS 'low, medium, high, or not_assessed where there is no data to assess.';
COMMENT ON COLUMN dash_risk.profiles IS 'How many profiles.';
COMMENT ON COLUMN dash_risk.average_risk_score IS 'Their mean score, 0 to 100; null where none is assessed.';
COMMENT ON COLUMN dash_risk.total_assets_value IS 'The sum of their assets, whatever the currencies.';
COMMENT ON COLUMN dash_risk.total_stock_value IS 'The sum of their stocks, whatever the currencies.';

CREATE VIEW dash_compliance_trend AS
SELECT (at AT TIME ZONE 'UTC')::date AS day,
       after AS compliance_rating,
       count(*) AS changes,
       count(DISTINCT customer_id) AS profiles
FROM profile_history
WHERE field = 'compliance_rating' AND after IS NOT NULL
GROUP BY 1, 2;

COMMENT ON VIEW dash_compliance_trend IS 'How many profiles came to each compliance rating, per day.';
COMMENT ON COLUMN dash_compliance_trend.day IS 'The day, in UTC.';
COMMENT ON COLUMN dash_compliance_trend.compliance_rating IS 'critical, low, medium or high.';
COMMENT ON COLUMN dash_compliance_trend.changes IS 'Changes to this rating on the day, new profiles included.';
COMMENT ON COLUMN dash_compliance_trend.profiles IS 'How many profiles changed to it.';

CREATE VIEW dash_sync_health AS
SELECT {sync_status} AS sync_status,
       count(*) AS profiles,
       min({last_sync_at}) AS oldest_sync_at,
       max({last_sync_at}) AS latest_sync_at
FROM {table}
GROUP BY 1;

COMMENT ON VIEW dash_sync_health IS 'Profiles by where their synchronisation stands.';
COMMENT ON COLUMN dash_sync_health.sync_status IS 'not_synced, sync_scheduled, pending_sync, synced or sync_failed.';
COMMENT ON COLUMN dash_sync_health.profiles IS 'How many profiles.';
COMMENT ON COLUMN dash_sync_health.oldest_sync_at IS 'When the one that waits longest was last answered.';
COMMENT ON COLUMN dash_sync_health.latest_sync_at IS 'When one of them was last answered.';

CREATE VIEW dash_attention AS
SELECT {customer_id} AS customer_id,
       {name} AS name,
       {customer_type} AS customer_type,
       {review_priority} AS review_priority,
       {urgency} AS urgency,
       {attention_reasons} AS attention_reasons,
       {suggested_actions} AS suggested_actions,
       {admin_status} AS admin_status,
       {updated_at} AS updated_at
FROM {table}
WHERE {requires_attention};

COMMENT ON VIEW dash_attention IS 'Profiles that an administrator must look at. Order by urgency, descending.';
COMMENT ON COLUMN dash_attention.customer_id IS 'The customer.';
COMMENT ON COLUMN dash_attention.name IS 'The customer''s name.';
COMMENT ON COLUMN dash_attention.customer_type IS 'PME or FINANCIAL_INSTITUTION.';
COMMENT ON COLUMN dash_attention.review_priority IS 'low, medium, high or urgent.';
COMMENT ON COLUMN dash_attention.urgency IS '0 to 100.';
COMMENT ON COLUMN dash_attention.attention_reasons IS 'Why, an array of codes.';
COMMENT ON COLUMN dash_attention.suggested_actions IS 'What to do, an array of codes.';
COMMENT ON COLUMN dash_attention.admin_status IS 'The administrative status.';
COMMENT ON COLUMN dash_attention.updated_at IS 'When the profile was last written.';

CREATE VIEW dash_alerts AS
SELECT kind, level, status, count(*) AS alerts, count(DISTINCT customer_id) AS profiles, min(raised_at) AS oldest_raised_at
FROM profile_alerts
WHERE status <> 'resolved'
GROUP BY kind, level, status;

COMMENT ON VIEW dash_alerts IS 'Alerts that hold, by kind, level and status.';
COMMENT ON COLUMN dash_alerts.kind IS 'What they are about.';
COMMENT ON COLUMN dash_alerts.level IS 'low, medium, high or urgent.';
COMMENT ON COLUMN dash_alerts.status IS 'open, or acknowledged: an administrator saw it.';
COMMENT ON COLUMN dash_alerts.alerts IS 'How many alerts.';
COMMENT ON COLUMN dash_alerts.profiles IS 'How many profiles have one.';
COMMENT ON COLUMN dash_alerts.oldest_raised_at IS 'When the oldest was raised, in event time.';

CREATE VIEW dash_data_versions AS
SELECT coalesce({data_version}, 'unknown') AS data_version, count(*) AS profiles
FROM {table}
GROUP BY 1;

COMMENT ON VIEW dash_data_versions IS 'Profiles by the data version that their latest event states.';
COMMENT ON COLUMN dash_data_versions.data_version IS 'The version; unknown where no event stated one.';
COMMENT ON COLUMN dash_data_versions.profiles IS 'How many profiles.';

CREATE VIEW dash_recent_activity AS
SELECT at, 'profile' AS source, customer_id, field AS what, before, after, event_id AS by_whom
FROM profile_history
UNION ALL
SELECT at, 'administrator', customer_id, action, before::text, after::text, who
FROM admin_activity;

COMMENT ON VIEW dash_recent_activity IS 'What changed, by events and by hand. Order by at, descending, within a range of time.';
COMMENT ON COLUMN dash_recent_activity.at IS 'When.';
COMMENT ON COLUMN dash_recent_activity.source IS 'profile or administrator.';
COMMENT ON COLUMN dash_recent_activity.customer_id IS 'The customer, where it is about one.';
COMMENT ON COLUMN dash_recent_activity.what IS 'The value that changed, or the act.';
COMMENT ON COLUMN dash_recent_activity.before IS 'The value before.';
COMMENT ON COLUMN dash_recent_activity.after IS 'The value after.';
COMMENT ON COLUMN dash_recent_activity.by_whom IS 'The event that made it, or the administrator.';
