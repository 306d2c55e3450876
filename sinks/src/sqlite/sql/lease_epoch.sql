-- The epoch of a lease, under the write lock: until the commit nobody can raise it.
select epoch from leases where pipeline = ?1 and segment = ?2 and broker = ?3 and topic = ?4 and partition = ?5
