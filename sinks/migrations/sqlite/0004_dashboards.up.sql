-- What panels select from. Their columns keep these names whatever the table's columns are renamed to.

-- How complete the profiles are, by type and band (spec/2 §2).
create view dash_completeness as
select
    {customer_type} as customer_type,
    case when {completeness} >= 90 then 'complete' when {completeness} >= 50 then 'partial' else 'minimal' end as band,
    count(*) as profiles,
    avg({completeness}) as average_completeness
from {table}
group by 1, 2;

-- How risk is spread; 'not_assessed' where there is no assessment.
create view dash_risk as
select
    {customer_type} as customer_type,
    coalesce({risk_level}, 'not_assessed') as risk_level,
    count(*) as profiles,
    avg({risk_score}) as average_risk_score,
    sum({total_assets_value}) as total_assets_value,
    sum({total_stock_value}) as total_stock_value
from {table}
group by 1, 2;

-- Per day, how many profiles came to each compliance rating.
create view dash_compliance_trend as
select substr(at, 1, 10) as day, after as compliance_rating, count(*) as changes, count(distinct customer_id) as profiles
from profile_history
where field = 'compliance_rating' and after is not null
group by 1, 2;

-- Where the synchronisations stand.
create view dash_sync_health as
select
    {sync_status} as sync_status,
    count(*) as profiles,
    min({last_sync_at}) as oldest_sync_at,
    max({last_sync_at}) as latest_sync_at
from {table}
group by 1;

-- The profiles that somebody must look at; sort by urgency.
create view dash_attention as
select
    {customer_id} as customer_id,
    {name} as name,
    {customer_type} as customer_type,
    {review_priority} as review_priority,
    {urgency} as urgency,
    {attention_reasons} as attention_reasons,
    {suggested_actions} as suggested_actions,
    {admin_status} as admin_status,
    {updated_at} as updated_at
from {table}
where {requires_attention} = 1;

-- The alerts that hold.
create view dash_alerts as
select kind, level, status, count(*) as alerts, count(distinct customer_id) as profiles, min(raised_at) as oldest_raised_at
from profile_alerts
where status <> 'resolved'
group by 1, 2, 3;

-- Which data versions the profiles have; 'unknown' where no event states one.
create view dash_data_versions as
select coalesce({data_version}, 'unknown') as data_version, count(*) as profiles
from {table}
group by 1;

-- What happened last, by pipeline and by hand; sort by time.
create view dash_recent_activity as
select at, 'profile' as source, customer_id, field as what, before, after, event_id as by_whom
from profile_history
union all
select at, 'administrator', customer_id, action, before, after, who
from admin_activity;
