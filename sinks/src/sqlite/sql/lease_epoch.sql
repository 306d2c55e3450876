-- The epoch of a lease, under the write lock: until the commit nobody can raise it. One that was given back is nobody's.
select epoch from leases where pipeline = ?1 and segment = ?2 and broker = ?3 and topic = ?4 and partition = ?5
    and owner is not null
