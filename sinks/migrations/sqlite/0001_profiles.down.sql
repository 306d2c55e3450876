drop table critical_changes;
drop table profile_history;
drop table profile_alerts;
drop table {table};
