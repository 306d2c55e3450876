-- Of several records at one place the one that was refused last stays, as it was before.
create table dead_letters_made_anew (
    id text not null primary key,
    pipeline text not null,
    stage text not null,
    reason text not null,
    violations text not null,                            -- JSON array
    topic text not null,
    partition integer not null,
    "offset" integer not null,
    key blob,                                            -- null: it had none, which is not an empty one
    headers text not null,                               -- JSON array of [name, value in base64]
    value blob not null,
    record_timestamp text not null,
    first_seen text not null,
    attempts integer not null default 1,
    unique (pipeline, topic, partition, "offset")
) strict;
insert or ignore into dead_letters_made_anew select * from dead_letters order by first_seen desc, id desc;
drop table dead_letters;
alter table dead_letters_made_anew rename to dead_letters;
create index dead_letters_by_time on dead_letters (pipeline, first_seen);
