-- The syncs of a customer, open, planned and remembered, with the timer of the next thing to happen. A table of its own, as a customer
-- may have syncs and no profile; written with the profile's row, if there is one, by the version that was read.
create table sync_states (
    customer_id text not null primary key,
    version integer not null,
    due text,                                            -- null: nothing is to happen
    taken_until text,                                    -- until then a worker is at it
    state text not null                                  -- JSON
) strict;
create index sync_states_due on sync_states (due) where due is not null;

alter table sync_requests add column requested_by text;
alter table sync_requests add column requested_at text;
alter table sync_requests add column duration_ms integer;

-- What happened to the syncs of a customer: scheduled, joined, started, failed, given_up or completed.
create table sync_history (
    customer_id text not null,
    seq integer not null,                                -- from 1
    sync_id text not null,
    attempt integer not null,
    what text not null,
    who text not null,
    why text not null,
    before text not null,
    after text not null,
    at text not null,
    primary key (customer_id, seq)
) strict;
create index sync_history_by_time on sync_history (at);

drop view dash_recent_activity;
create view dash_recent_activity as
select at, 'profile' as source, customer_id, field as what, before, after, event_id as by_whom
from profile_history
union all
select at, 'administrator', customer_id, action, before, after, who
from admin_activity
union all
select at, 'sync', customer_id, what, before, after, who
from sync_history;

-- Everything that happened to a customer. Select one customer; order by at, source, seq.
create view customer_history as
select customer_id, at, 'profile' as source, version as seq, field as what, event_id as who, null as why, before, after
from profile_history
union all
select customer_id, at, 'sync', seq, what, who, why, before, after
from sync_history
union all
-- As it came. What was decided over it is an administrator's act.
select customer_id, at, 'critical_change', 0, case when decided_at is null then status else 'pending_approval' end, source, request_id,
    null, changes
from critical_changes
union all
select customer_id, at, 'administrator', 0, action, who, reason, before, after
from admin_activity
where customer_id is not null;

-- How far backfills are: each goes through the profiles in the order of their keys.
create table backfills (
    pipeline text not null,
    name text not null,
    run text not null,
    filter text not null,                                -- which profiles
    after text,                                          -- null: no customer was asked for
    asked integer not null,
    started_at text not null,
    updated_at text not null,
    finished_at text,                                    -- null: it goes on with the next run
    primary key (pipeline, name)
) strict;
