-- Who else holds a lease now, by the database's clock. ?6: who asks. Under the write lock: two claims cannot both find it free.
select owner, expires_at from leases
where pipeline = ?1 and segment = ?2 and broker = ?3 and topic = ?4 and partition = ?5
    and owner <> ?6 and expires_at > strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
