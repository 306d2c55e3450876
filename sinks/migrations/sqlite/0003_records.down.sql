drop table admin_activity;
drop table sync_requests;
