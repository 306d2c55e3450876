-- The profiles of these customers, as the changelog shows them.
SELECT
    {customer_id} AS customer_id, {customer_type}::text AS customer_type, {basic}::text AS basic,
    {company_profile}::text AS company_profile, {institution_profile}::text AS institution_profile,
    {specific_data}::text AS specific_data, {extended_profile}::text AS extended_profile,
    {regulatory_profile}::text AS regulatory_profile, {assets}::text AS assets, {assets_summary}::text AS assets_summary,
    {stocks}::text AS stocks, {stocks_summary}::text AS stocks_summary, {performance_metrics}::text AS performance_metrics,
    {producer_completeness}::text AS producer_completeness, {completeness_detail}::text AS completeness_detail,
    {conformity_score}::bigint AS conformity_score, {is_conform} AS is_conform, {conformity_issues}::text AS conformity_issues,
    {compliance_rating}::text AS compliance_rating, {risk_profile}::text AS risk_profile, {insights}::text AS insights,
    {financial_metrics}::text AS financial_metrics, {inventory_metrics}::text AS inventory_metrics, {alerts}::text AS alerts,
    {attention_reasons}::text AS attention_reasons, {suggested_actions}::text AS suggested_actions,
    {requires_attention} AS requires_attention, {review_priority}::text AS review_priority, {urgency}::bigint AS urgency,
    {data_richness}::bigint AS data_richness, {admin_status}::text AS admin_status, {risk_flags}::text AS risk_flags,
    {admin_notes} AS admin_notes, {reviewed_by} AS reviewed_by, {reviewed_at} AS reviewed_at,
    {sync_status}::text AS sync_status, {last_sync_at} AS last_sync_at, {next_scheduled_sync} AS next_scheduled_sync,
    {sync_errors}::text AS sync_errors, {sync_metadata}::text AS sync_metadata, {data_version} AS data_version, {as_of} AS as_of,
    {rules_hash} AS rules_hash, {last_event_id} AS last_event_id,
    {state} ->> 'correlationId' AS correlation_id, {version} AS version, {created_at} AS created_at,
    {updated_at} AS updated_at
FROM {table}
WHERE {customer_id} = ANY($1)
