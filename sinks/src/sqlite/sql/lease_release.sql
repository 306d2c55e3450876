-- Gives a lease back, if it is still of our epoch. The row stays: its epoch must never be given twice. ?6: the epoch.
update leases set owner = null, expires_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
where pipeline = ?1 and segment = ?2 and broker = ?3 and topic = ?4 and partition = ?5 and epoch = ?6
