-- What profiles are made of, for merging, until they have so many bytes together; the first one in any case. `bytes_until` is what they
-- have with this one. The window sees customers and sizes only: profiles are read once it is known which.
-- ?1: a JSON array of customers; ?2: bytes.
select
    {customer_id} as customer_id, {version} as version, {basic} as basic, {company_profile} as company_profile,
    {institution_profile} as institution_profile, {specific_data} as specific_data, {extended_profile} as extended_profile,
    {regulatory_profile} as regulatory_profile, {assets} as assets, {assets_summary} as assets_summary, {stocks} as stocks,
    {stocks_summary} as stocks_summary, {performance_metrics} as performance_metrics,
    {producer_completeness} as producer_completeness, {state} as state, {admin_status_by_hand} as admin_status_by_hand,
    {compliance_rating_by_hand} as compliance_rating_by_hand, {review_priority_by_hand} as review_priority_by_hand,
    {risk_flags_by_hand} as risk_flags_by_hand, {sync_status} as sync_status, {last_sync_at} as last_sync_at,
    {completeness} as completeness, {conformity_score} as conformity_score, {compliance_rating} as compliance_rating,
    {risk_level} as risk_level, {admin_status} as admin_status, {rules_hash} as rules_hash, {updated_at} as updated_at,
    bytes_until
from (
    select found, size_bytes, sum(size_bytes) over (rows unbounded preceding) as bytes_until
    from (
        select {customer_id} as found, {json_bytes} as size_bytes
        from {table}
        where {customer_id} in (select value from json_each(?1))
    )
) as summed
cross join {table} on {customer_id} = found
where bytes_until - size_bytes < ?2
