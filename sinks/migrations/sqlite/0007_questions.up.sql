-- One request id over several changes puts several questions, and an administrator decides over each: the key tells them apart.
-- Rows that are there have one question a request: their hash stays empty.
create table critical_changes_made_anew (
    customer_id text not null,
    request_id text not null,
    changes_hash text not null default '',               -- first 128 bits of the SHA-256 of the changes' canonical JSON, hexadecimal
    sync_type text not null,
    priority text not null,
    changes text not null,                               -- JSON array, as sent
    source text,
    status text not null check (status in ('pending_approval', 'applied', 'approved', 'rejected')),
    event_id text not null,
    at text not null,                                    -- event time
    decided_by text,
    decided_at text,
    reason text,
    origin text not null,                                -- JSON: topic, partition, offset
    primary key (customer_id, request_id, changes_hash)
) strict;
insert into critical_changes_made_anew
    (customer_id, request_id, sync_type, priority, changes, source, status, event_id, at, decided_by, decided_at, reason, origin)
select
    customer_id, request_id, sync_type, priority, changes, source, status, event_id, at, decided_by, decided_at, reason, origin
from critical_changes;
drop table critical_changes;
alter table critical_changes_made_anew rename to critical_changes;
create index critical_changes_waiting on critical_changes (at) where status = 'pending_approval';
