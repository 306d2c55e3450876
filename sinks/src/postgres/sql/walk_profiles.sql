-- Profiles after a customer, in the order of keys. By the index on the key; by profiles_old_version where the filter is that one.
--
-- $1 the customer or null, $2 at most so many; filters that are null do not matter: $3 another data version than this, $4 the type,
-- $5 where the sync stands, $6 not synchronised since.
SELECT {customer_id} AS customer_id, {customer_type}::text AS customer_type, {data_version} AS data_version,
    {sync_status}::text AS sync_status
FROM {table}
WHERE {customer_id} > coalesce($1::text, '')
    AND ($3::text IS NULL OR {data_version} IS DISTINCT FROM $3)
    AND ($4::text IS NULL OR {customer_type} = $4::customer_type)
    AND ($5::text IS NULL OR {sync_status} = $5::sync_status)
    AND ($6::timestamptz IS NULL OR {last_sync_at} IS NULL OR {last_sync_at} < $6)
ORDER BY {customer_id}
LIMIT $2
