drop table seen_events;
drop table outbox;
drop table leases;
drop table pipeline_positions;
drop table dead_letters;
