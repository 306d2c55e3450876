-- A topic, partition and offset name one record only of one broker, and until the topic is made anew: after a move to another broker, the
-- record there would take the row of another, whose bytes would be gone. The id tells them apart, it is made of key and value too.
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
    attempts integer not null default 1
) strict;
insert into dead_letters_made_anew select * from dead_letters;
drop table dead_letters;
alter table dead_letters_made_anew rename to dead_letters;
create index dead_letters_by_time on dead_letters (pipeline, first_seen);
