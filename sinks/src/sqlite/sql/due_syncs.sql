-- Takes customers whose timers are due, the longest due first: workers that look after that get others.
-- ?1: now; ?2: at most so many; ?3: until when they are taken.
update sync_states
set taken_until = ?3
where customer_id in (
    select customer_id from sync_states
    where due <= ?1 and (taken_until is null or taken_until <= ?1)
    order by due
    limit ?2
)
returning customer_id
