-- What the engine keeps for itself (architecture.md, rules 2 and 4 to 7).

-- A record that could not be processed, with all its bytes: the truth that its topic is published from.
create table dead_letters (
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
create index dead_letters_by_time on dead_letters (pipeline, first_seen);

-- How far each partition is resolved.
create table pipeline_positions (
    pipeline text not null,
    segment text not null,
    broker text not null,
    topic text not null,
    partition integer not null,
    "offset" integer not null,                           -- every record below it is resolved
    updated_at text not null,
    primary key (pipeline, segment, broker, topic, partition)
) without rowid, strict;

-- Who works on a partition.
create table leases (
    pipeline text not null,
    segment text not null,
    broker text not null,
    topic text not null,
    partition integer not null,
    owner text,                                          -- null: given back
    epoch integer not null,                              -- raised by every claim; a commit under an older one is refused
    expires_at text not null,                            -- in the database's time
    primary key (pipeline, segment, broker, topic, partition)
) without rowid, strict;

-- What is to be published. seq is never given twice, so that order holds after deletions.
create table outbox (
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
    unique (pipeline, id)
) strict;

-- Events whose effects happened: they must not happen twice.
create table seen_events (
    pipeline text not null,
    event_id text not null,
    at text not null,
    primary key (pipeline, event_id)
) without rowid, strict;
create index seen_events_by_time on seen_events (at);
