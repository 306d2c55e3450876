-- The versions that profiles have now, under the write lock. ?1: a JSON array of customers.
select {customer_id} as customer_id, {version} as version from {table} where {customer_id} in (select value from json_each(?1))
