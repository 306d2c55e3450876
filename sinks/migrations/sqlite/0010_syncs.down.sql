drop table backfills;
drop view customer_history;
drop view dash_recent_activity;
create view dash_recent_activity as
select at, 'profile' as source, customer_id, field as what, before, after, event_id as by_whom
from profile_history
union all
select at, 'administrator', customer_id, action, before, after, who
from admin_activity;
drop table sync_history;
alter table sync_requests drop column requested_by;
alter table sync_requests drop column requested_at;
alter table sync_requests drop column duration_ms;
drop table sync_states;
