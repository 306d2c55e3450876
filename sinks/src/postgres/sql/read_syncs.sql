-- Where the syncs of these customers stand. Locks nothing: who writes compares versions.
--
-- $1 customers.
SELECT customer_id, version, state::text AS state FROM sync_states WHERE customer_id = ANY($1)
