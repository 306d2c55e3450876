-- Notes what an administrator decided. What was decided before stays: the first verdict counts.
update critical_changes set status = ?4, decided_by = ?5, decided_at = ?6, reason = ?7
where customer_id = ?1 and request_id = ?2 and changes_hash = ?3 and status = 'pending_approval'
