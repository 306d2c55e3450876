-- Lengthens a lease that is still ours: of our epoch, and not given back. ?6: the epoch; ?7: how long it lasts from now.
update leases set expires_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', ?7)
where pipeline = ?1 and segment = ?2 and broker = ?3 and topic = ?4 and partition = ?5 and epoch = ?6 and owner is not null
