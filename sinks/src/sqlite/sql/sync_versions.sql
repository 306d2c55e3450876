-- The versions that customers' syncs have now, under the write lock. ?1: a JSON array of customers.
select customer_id, version from sync_states where customer_id in (select value from json_each(?1))
