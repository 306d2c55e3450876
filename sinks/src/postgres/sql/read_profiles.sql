-- The profiles of these customers, as the engine merges them, until they have so many bytes together; the first one in any case. Takes no
-- lock: what is written over them later is checked by version.
--
-- `bytes_until` is what they have with this one: about what their JSON takes in the table, which may have compressed it. The window takes
-- the rows as they come, and knows large columns by their sizes: those of rows that are left out are not read.
--
-- $1 customers, $2 bytes.
SELECT
    {customer_id} AS customer_id, {version} AS version, {basic}::text AS basic, {company_profile}::text AS company_profile,
    {institution_profile}::text AS institution_profile, {specific_data}::text AS specific_data,
    {extended_profile}::text AS extended_profile, {regulatory_profile}::text AS regulatory_profile, {assets}::text AS assets,
    {stocks}::text AS stocks, {performance_metrics}::text AS performance_metrics,
    {producer_completeness}::text AS producer_completeness, {assets_summary}::text AS assets_summary,
    {stocks_summary}::text AS stocks_summary, {state}::text AS state, {admin_status_by_hand}::text AS admin_status_by_hand,
    {compliance_rating_by_hand}::text AS compliance_rating_by_hand, {review_priority_by_hand}::text AS review_priority_by_hand,
    {risk_flags_by_hand}::text AS risk_flags_by_hand, {sync_status}::text AS sync_status, {last_sync_at} AS last_sync_at,
    {completeness} AS completeness, {conformity_score} AS conformity_score, {compliance_rating}::text AS compliance_rating,
    {risk_level}::text AS risk_level, {admin_status}::text AS admin_status, {rules_hash} AS rules_hash,
    {updated_at} AS updated_at, bytes_until
FROM (
    SELECT *, sum(size_bytes) OVER (ROWS UNBOUNDED PRECEDING)::bigint AS bytes_until
    -- OFFSET 0 keeps the sizes from being worked out twice.
    FROM (SELECT *, {json_bytes} AS size_bytes FROM {table} WHERE {customer_id} = ANY($1) OFFSET 0) AS sized
) AS summed
WHERE bytes_until - size_bytes < $2
