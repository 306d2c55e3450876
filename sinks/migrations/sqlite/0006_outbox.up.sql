-- The outbox is read in the order of its numbers. A key that begins with the pipeline invites SQLite to find all that waits by it, and to
-- sort that: the key begins with the id instead, which serves as well to find one entry.
create table outbox_made_anew (
    seq integer primary key autoincrement,
    pipeline text not null,
    id text not null,                                    -- an effect's own; for the others, made of their kind and key
    kind text not null check (kind in ('effect', 'profile', 'dead_letter')),
    topic text not null,
    key text not null,                                   -- the customer; for a dead letter, its id
    value blob,                                          -- of effects only: the others are read from their rows
    headers text,                                        -- JSON array of [name, value in base64]; of effects only
    record_timestamp text,                               -- of effects only
    version integer,                                     -- of profiles only: the version to be published
    unique (id, pipeline)
) strict;
insert into outbox_made_anew select * from outbox;
-- Numbers are not given again.
delete from sqlite_sequence where name = 'outbox_made_anew';
insert into sqlite_sequence (name, seq) select 'outbox_made_anew', seq from sqlite_sequence where name = 'outbox';
drop table outbox;
alter table outbox_made_anew rename to outbox;
