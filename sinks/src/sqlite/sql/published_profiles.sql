-- Profiles as they are published. ?1: a JSON array of customers.
select
    {customer_id} as customer_id, {version} as version, {customer_type} as customer_type, {basic} as basic,
    {company_profile} as company_profile, {institution_profile} as institution_profile, {specific_data} as specific_data,
    {extended_profile} as extended_profile, {regulatory_profile} as regulatory_profile, {assets} as assets,
    {assets_summary} as assets_summary, {stocks} as stocks, {stocks_summary} as stocks_summary,
    {performance_metrics} as performance_metrics, {producer_completeness} as producer_completeness,
    {completeness_detail} as completeness_detail, {conformity_score} as conformity_score, {is_conform} as is_conform,
    {conformity_issues} as conformity_issues, {compliance_rating} as compliance_rating, {risk_profile} as risk_profile,
    {insights} as insights, {financial_metrics} as financial_metrics, {inventory_metrics} as inventory_metrics, {alerts} as alerts,
    {requires_attention} as requires_attention, {attention_reasons} as attention_reasons,
    {suggested_actions} as suggested_actions, {urgency} as urgency, {data_richness} as data_richness,
    {admin_status} as admin_status, {review_priority} as review_priority, {risk_flags} as risk_flags, {admin_notes} as admin_notes,
    {reviewed_by} as reviewed_by, {reviewed_at} as reviewed_at, {sync_status} as sync_status, {last_sync_at} as last_sync_at,
    {next_scheduled_sync} as next_scheduled_sync, {sync_errors} as sync_errors, {sync_metadata} as sync_metadata,
    {data_version} as data_version, {as_of} as as_of, {rules_hash} as rules_hash, {last_event_id} as last_event_id,
    {state} ->> 'correlationId' as correlation_id,
    {created_at} as created_at, {updated_at} as updated_at
from {table}
where {customer_id} in (select value from json_each(?1))
