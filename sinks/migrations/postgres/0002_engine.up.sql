-- What the engine keeps for itself: positions, leases, the outbox, what it has seen, and the records it could not process.

CREATE TABLE pipeline_positions (
    pipeline text NOT NULL,
    segment text NOT NULL,
    broker text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (pipeline, segment, broker, topic, partition)
) WITH (fillfactor = 50);
-- fillfactor 50, here and for leases: a few rows that are written all the time, always on their own page.

COMMENT ON TABLE pipeline_positions IS 'How far each partition is processed. One row a pipeline, segment, broker cluster, topic and partition.';
COMMENT ON COLUMN pipeline_positions.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN pipeline_positions.segment IS 'The segment: the name of its first stage.';
COMMENT ON COLUMN pipeline_positions.broker IS 'The broker cluster, by its name under brokers: in the pipeline file.';
COMMENT ON COLUMN pipeline_positions.topic IS 'The topic.';
COMMENT ON COLUMN pipeline_positions.partition IS 'The partition, from 0.';
COMMENT ON COLUMN pipeline_positions."offset" IS 'The offset below which every record is resolved: its effects, or its dead letter, are durable.';
COMMENT ON COLUMN pipeline_positions.updated_at IS 'When it last moved.';

CREATE TABLE leases (
    pipeline text NOT NULL,
    segment text NOT NULL,
    broker text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    owner text,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (pipeline, segment, broker, topic, partition)
) WITH (fillfactor = 50);

COMMENT ON TABLE leases IS 'Which worker owns which partition. Every commit reads it and is refused under an older epoch.';
COMMENT ON COLUMN leases.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN leases.segment IS 'The segment: the name of its first stage.';
COMMENT ON COLUMN leases.broker IS 'The broker cluster, by its name under brokers: in the pipeline file.';
COMMENT ON COLUMN leases.topic IS 'The topic.';
COMMENT ON COLUMN leases.partition IS 'The partition, from 0.';
COMMENT ON COLUMN leases.owner IS 'The worker that claimed it, as it names itself; null once it was given back.';
COMMENT ON COLUMN leases.epoch IS 'Raised by every claim.';
COMMENT ON COLUMN leases.expires_at IS 'When it may be claimed by another worker, in this database''s time. In the past: it is free.';

CREATE TYPE outbox_kind AS ENUM ('effect', 'profile', 'dead_letter');

-- Rows live for moments. The publisher reads in the order of seq, and deletes by it; writers find a customer's entry by its id.
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    pipeline text NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind outbox_kind NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea,
    headers jsonb,
    record_timestamp timestamptz NOT NULL,
    version bigint,
    PRIMARY KEY (pipeline, seq),
    UNIQUE (pipeline, id)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

COMMENT ON TABLE outbox IS 'Records to publish, written with the rows they are owed to and deleted once the broker acknowledged them.';
COMMENT ON COLUMN outbox.seq IS 'The order of publishing.';
COMMENT ON COLUMN outbox.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN outbox.id IS 'Deterministic: the same cause gives the same id.';
COMMENT ON COLUMN outbox.kind IS 'effect: the record is here; profile: it is the row of customer_detailed_profiles; dead_letter: the row of dead_letters.';
COMMENT ON COLUMN outbox.topic IS 'The topic to publish to.';
COMMENT ON COLUMN outbox.key IS 'The record''s key: the customer; for a dead letter, the letter''s id.';
COMMENT ON COLUMN outbox.value IS 'The record''s bytes; null unless kind is effect.';
COMMENT ON COLUMN outbox.headers IS 'The record''s headers: [[name, base64 of the bytes], ...]; null unless kind is effect.';
COMMENT ON COLUMN outbox.record_timestamp IS 'The record''s own timestamp.';
COMMENT ON COLUMN outbox.version IS 'The version of the profile; null unless kind is profile.';

CREATE TABLE seen_events (
    pipeline text NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (pipeline, event_id)
);
-- For the retention's delete: rows come in the order of time, so a BRIN of a few pages serves.
CREATE INDEX seen_events_at ON seen_events USING brin (at);

COMMENT ON TABLE seen_events IS 'Events whose effects must happen once (syncs, critical changes): to be kept for 30 days.';
COMMENT ON COLUMN seen_events.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN seen_events.event_id IS 'The event''s identity.';
COMMENT ON COLUMN seen_events.at IS 'When its effects were written.';

CREATE TYPE dead_letter_reason AS ENUM ('malformed', 'schema', 'time', 'version', 'transform', 'forbidden_field', 'store');

CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    pipeline text NOT NULL,
    stage text NOT NULL,
    reason dead_letter_reason NOT NULL,
    violations jsonb NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    record_timestamp timestamptz NOT NULL,
    first_seen timestamptz NOT NULL,
    attempts bigint NOT NULL DEFAULT 1,
    UNIQUE (pipeline, topic, partition, "offset")
);
-- Listed oldest first, by time; reason and stage are few values each, and filter what the index gives.
CREATE INDEX dead_letters_first_seen ON dead_letters (pipeline, first_seen);

COMMENT ON TABLE dead_letters IS 'Records that could not be processed, with all their bytes. One row a record.';
COMMENT ON COLUMN dead_letters.id IS 'Deterministic: of the pipeline and the record''s origin.';
COMMENT ON COLUMN dead_letters.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN dead_letters.stage IS 'The stage that refused it.';
COMMENT ON COLUMN dead_letters.reason IS 'Why, by kind.';
COMMENT ON COLUMN dead_letters.violations IS 'Everything that is wrong with it: an array of objects with pointer, rule, message.';
COMMENT ON COLUMN dead_letters.topic IS 'The topic that it was read from.';
COMMENT ON COLUMN dead_letters.partition IS 'The partition that it was read from.';
COMMENT ON COLUMN dead_letters."offset" IS 'The offset that it was read at.';
COMMENT ON COLUMN dead_letters.key IS 'The record''s key; null where it had none.';
COMMENT ON COLUMN dead_letters.headers IS 'The record''s headers: [[name, base64 of the bytes], ...].';
COMMENT ON COLUMN dead_letters.value IS 'The record''s bytes, whole.';
COMMENT ON COLUMN dead_letters.record_timestamp IS 'The record''s own timestamp.';
COMMENT ON COLUMN dead_letters.first_seen IS 'When it was first refused.';
COMMENT ON COLUMN dead_letters.attempts IS 'How often it was tried.';
