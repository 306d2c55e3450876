-- The tables of format 2, created in one IMMEDIATE transaction by the first process that opens the directory.

CREATE TABLE topics (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- What tells the topic from those that had its name before it.
    incarnation TEXT NOT NULL
) STRICT;

CREATE TABLE partitions (
    id         INTEGER PRIMARY KEY,
    topic_id   INTEGER NOT NULL REFERENCES topics (id),
    number     INTEGER NOT NULL,
    -- The offset that the next record gets. Kept here, so that it stands when all the records are removed.
    end_offset INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic_id, number)
) STRICT;

-- Records in the order of their offsets, many in a row: see batch.rs for what is in `records`.
CREATE TABLE batches (
    id           INTEGER PRIMARY KEY,
    partition_id INTEGER NOT NULL REFERENCES partitions (id),
    first_offset INTEGER NOT NULL,
    last_offset  INTEGER NOT NULL,
    records      BLOB NOT NULL
) STRICT;

-- By the last offset: the first batch at or after an offset is the one that holds it.
CREATE UNIQUE INDEX batches_by_offset ON batches (partition_id, last_offset);

PRAGMA user_version = 2;
