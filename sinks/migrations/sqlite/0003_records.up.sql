-- A request to customer-service for a customer's data, and what became of it (spec/3).
create table sync_requests (
    sync_id text not null primary key,
    customer_id text not null,
    reason text not null,
    priority text not null check (priority in ('urgent', 'high', 'medium', 'low')),
    requested_data text not null,                        -- JSON array
    status text not null,
    attempt integer not null default 1,
    started_at text,
    deadline text,
    finished_at text,
    steps text not null default '[]',                    -- JSON array of status, message, time
    error text
) strict;
create index sync_requests_by_customer on sync_requests (customer_id, started_at);

-- What an administrator did, and why.
create table admin_activity (
    id text not null primary key,
    who text not null,
    role text not null,
    action text not null,
    customer_id text,
    reason text,
    before text,                                         -- JSON
    after text,                                          -- JSON
    at text not null,
    request_id text
) strict;
create index admin_activity_by_time on admin_activity (at);
create index admin_activity_by_customer on admin_activity (customer_id, at);
