-- The syncs of a customer, open, planned and remembered, with the timer of the next thing to happen. A table of its own, as a customer
-- may have syncs and no profile; written with the profile's row, if there is one, by the version that was read.
CREATE TABLE sync_states (
    customer_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    due timestamptz,
    taken_until timestamptz,
    state jsonb NOT NULL
);
-- The timers. Customers whose syncs are over, nearly all of the table, are not in it.
CREATE INDEX sync_states_due ON sync_states (due) WHERE due IS NOT NULL;

COMMENT ON TABLE sync_states IS 'The engine''s own: where the syncs of a customer stand. One row a customer that ever had one.';
COMMENT ON COLUMN sync_states.customer_id IS 'The customer; it may have no profile.';
COMMENT ON COLUMN sync_states.version IS 'How often the row was written.';
COMMENT ON COLUMN sync_states.due IS 'When something is to happen next: a sync starts, or its deadline has come. Null: nothing is.';
COMMENT ON COLUMN sync_states.taken_until IS 'Until then a worker is at it; others leave it alone.';
COMMENT ON COLUMN sync_states.state IS 'The open sync, the planned one, the one given up; the last ten that ended, the last ten errors.';

-- Timers stand in sync_states.
DROP INDEX sync_requests_due;
ALTER TABLE sync_requests
    ADD COLUMN requested_by text,
    ADD COLUMN requested_at timestamptz,
    ADD COLUMN duration_ms bigint;

COMMENT ON COLUMN sync_requests.requested_by IS 'Who asked for it.';
COMMENT ON COLUMN sync_requests.requested_at IS 'When it was asked for last, of several wishes that became one.';
COMMENT ON COLUMN sync_requests.duration_ms IS 'How long it took from its first start, in milliseconds; null until it ended.';

CREATE TABLE sync_history (
    customer_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    sync_id uuid NOT NULL,
    attempt smallint NOT NULL,
    what text NOT NULL CHECK (what IN ('scheduled', 'joined', 'started', 'failed', 'given_up', 'completed')),
    who text NOT NULL,
    why text NOT NULL,
    before sync_status NOT NULL,
    after sync_status NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, seq)
);
CREATE INDEX sync_history_at ON sync_history USING brin (at);

COMMENT ON TABLE sync_history IS 'What happened to the syncs of a customer. One row a happening.';
COMMENT ON COLUMN sync_history.customer_id IS 'The customer.';
COMMENT ON COLUMN sync_history.seq IS 'Its number among those of the customer, from 1.';
COMMENT ON COLUMN sync_history.sync_id IS 'Which sync.';
COMMENT ON COLUMN sync_history.attempt IS 'Which attempt; 0 before the first.';
COMMENT ON COLUMN sync_history.what IS 'scheduled, joined (another wish joined the planned one), started, failed, given_up or completed.';
COMMENT ON COLUMN sync_history.who IS 'Who caused it.';
COMMENT ON COLUMN sync_history.why IS 'Why it was asked for, or why it failed.';
COMMENT ON COLUMN sync_history.before IS 'Where the synchronisation stood before.';
COMMENT ON COLUMN sync_history.after IS 'Where it stands after.';
COMMENT ON COLUMN sync_history.at IS 'When.';

-- Beside what it said, what happened to syncs.
CREATE OR REPLACE VIEW dash_recent_activity AS
SELECT at, 'profile' AS source, customer_id, field AS what, before, after, event_id AS by_whom
FROM profile_history
UNION ALL
SELECT at, 'administrator', customer_id, action, before::text, after::text, who
FROM admin_activity
UNION ALL
SELECT at, 'sync', customer_id, what, before::text, after::text, who
FROM sync_history;

COMMENT ON COLUMN dash_recent_activity.source IS 'profile, administrator or sync.';

CREATE VIEW customer_history AS
SELECT customer_id, at, 'profile' AS source, version AS seq, field AS what, event_id AS who, NULL::text AS why, before, after
FROM profile_history
UNION ALL
SELECT customer_id, at, 'sync', seq, what, who, why, before::text, after::text
FROM sync_history
UNION ALL
-- As it came. What was decided over it is an administrator's act.
SELECT customer_id, at, 'critical_change', 0, CASE WHEN decided_at IS NULL THEN status ELSE 'pending_approval' END::text, source, request_id,
    NULL, changes::text
FROM critical_changes
UNION ALL
SELECT customer_id, at, 'administrator', 0, action, who, reason, before::text, after::text
FROM admin_activity
WHERE customer_id IS NOT NULL;

COMMENT ON VIEW customer_history IS 'Everything that happened to a customer. Select one customer; order by at, source, seq.';
COMMENT ON COLUMN customer_history.customer_id IS 'The customer.';
COMMENT ON COLUMN customer_history.at IS 'When.';
COMMENT ON COLUMN customer_history.source IS 'profile, sync, critical_change or administrator.';
COMMENT ON COLUMN customer_history.seq IS 'The order of what happened at one time in one source.';
COMMENT ON COLUMN customer_history.what IS 'The value that changed, or what was done.';
COMMENT ON COLUMN customer_history.who IS 'Who did it: a person, a service, or the event.';
COMMENT ON COLUMN customer_history.why IS 'Why.';
COMMENT ON COLUMN customer_history.before IS 'As it was.';
COMMENT ON COLUMN customer_history.after IS 'As it is since.';

CREATE TABLE backfills (
    pipeline text NOT NULL,
    name text NOT NULL,
    run uuid NOT NULL,
    filter text NOT NULL,
    after text COLLATE "C",
    asked bigint NOT NULL,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (pipeline, name)
);

COMMENT ON TABLE backfills IS 'How far backfills are: each goes through the profiles in the order of their keys. One row a pipeline and name.';
COMMENT ON COLUMN backfills.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN backfills.name IS 'The backfill''s name.';
COMMENT ON COLUMN backfills.run IS 'Which run of it; one that was ended goes on under its own.';
COMMENT ON COLUMN backfills.filter IS 'Which profiles it goes through, in words.';
COMMENT ON COLUMN backfills.after IS 'The customer up to which all were asked for; null: none was.';
COMMENT ON COLUMN backfills.asked IS 'For how many customers a sync was asked.';
COMMENT ON COLUMN backfills.started_at IS 'When the run began.';
COMMENT ON COLUMN backfills.updated_at IS 'When it last moved.';
COMMENT ON COLUMN backfills.finished_at IS 'When it was through; null: it goes on with the next `syncline backfill`.';
