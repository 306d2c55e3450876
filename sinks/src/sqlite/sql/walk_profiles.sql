-- Profiles after a customer, in the order of keys. ?1: the customer or null; ?2: at most so many; filters that are null do not matter:
-- ?3 another data version than this, ?4 the type, ?5 where the sync stands, ?6 not synchronised since.
select {customer_id} as customer_id, {customer_type} as customer_type, {data_version} as data_version, {sync_status} as sync_status
from {table}
where {customer_id} > coalesce(?1, '')
    and (?3 is null or {data_version} is not ?3)
    and (?4 is null or {customer_type} = ?4)
    and (?5 is null or {sync_status} = ?5)
    and (?6 is null or {last_sync_at} is null or {last_sync_at} < ?6)
order by {customer_id}
limit ?2
