-- Where the syncs of these customers stand. ?1: a JSON array of customers.
select customer_id, version, state from sync_states where customer_id in (select value from json_each(?1))
