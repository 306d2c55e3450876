-- What is kept beside a profile: alerts, history, syncs, critical changes, administrators' acts.

CREATE TYPE alert_kind AS ENUM
    ('low_stock', 'high_risk', 'sync_failure', 'compliance_critical', 'warranty_expired', 'asset_depreciated', 'stock_unusable',
     'solvency_low', 'incomplete_profile');
CREATE TYPE alert_level AS ENUM ('low', 'medium', 'high', 'urgent');
CREATE TYPE alert_status AS ENUM ('open', 'acknowledged', 'resolved');

CREATE TABLE profile_alerts (
    id uuid PRIMARY KEY,
    customer_id text COLLATE "C" NOT NULL,
    kind alert_kind NOT NULL,
    level alert_level NOT NULL,
    status alert_status NOT NULL,
    message text NOT NULL,
    data jsonb NOT NULL,
    raised_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resolved_at timestamptz,
    acknowledged_by text,
    acknowledged_at timestamptz,
    transition bigint NOT NULL
) WITH (fillfactor = 85);
-- A customer's alerts, and those that hold, the newest first. No index on updated_at: every update would write it.
CREATE INDEX profile_alerts_customer ON profile_alerts (customer_id);
CREATE INDEX profile_alerts_open ON profile_alerts (raised_at DESC, id) WHERE status <> 'resolved';

COMMENT ON TABLE profile_alerts IS 'Alerts, open and past. One row an alert; at most one open alert a customer and kind.';
COMMENT ON COLUMN profile_alerts.id IS 'Deterministic: of pipeline, customer, kind, and how often the kind was raised for the customer.';
COMMENT ON COLUMN profile_alerts.customer_id IS 'The customer.';
COMMENT ON COLUMN profile_alerts.kind IS 'What it is about.';
COMMENT ON COLUMN profile_alerts.level IS 'How much it weighs: low < medium < high < urgent.';
COMMENT ON COLUMN profile_alerts.status IS 'open, acknowledged (it holds, and somebody saw it) or resolved.';
COMMENT ON COLUMN profile_alerts.message IS 'What it says, in the pipeline''s locale.';
COMMENT ON COLUMN profile_alerts.data IS 'The lines that it lists, or the value and its limit.';
COMMENT ON COLUMN profile_alerts.raised_at IS 'When it was raised, in event time.';
COMMENT ON COLUMN profile_alerts.updated_at IS 'When it last changed, in event time.';
COMMENT ON COLUMN profile_alerts.resolved_at IS 'When it ceased to hold, in event time.';
COMMENT ON COLUMN profile_alerts.acknowledged_by IS 'The administrator who acknowledged it.';
COMMENT ON COLUMN profile_alerts.acknowledged_at IS 'When it was acknowledged.';
COMMENT ON COLUMN profile_alerts.transition IS 'The number of its last transition, from 1.';

CREATE TABLE profile_history (
    customer_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    field text COLLATE "C" NOT NULL
        CHECK (field IN ('completeness', 'compliance_rating', 'conformity_score', 'risk_level', 'admin_status')),
    before text,
    after text,
    event_id text,
    at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, version, field)
);
-- For the trends and the retention: rows come in the order of time.
CREATE INDEX profile_history_at ON profile_history USING brin (at);

COMMENT ON TABLE profile_history IS 'Changes of the values that dashboards follow over time. One row a change.';
COMMENT ON COLUMN profile_history.customer_id IS 'The customer.';
COMMENT ON COLUMN profile_history.version IS 'The version of the profile that the change made.';
COMMENT ON COLUMN profile_history.field IS 'completeness, compliance_rating, conformity_score, risk_level or admin_status.';
COMMENT ON COLUMN profile_history.before IS 'The value before; null for a new profile or an absent value.';
COMMENT ON COLUMN profile_history.after IS 'The value after; null where there is none.';
COMMENT ON COLUMN profile_history.event_id IS 'The event that the change is owed to.';
COMMENT ON COLUMN profile_history.at IS 'When the change was written.';

CREATE TYPE sync_request_status AS ENUM ('scheduled', 'pending', 'completed', 'failed', 'given_up');

CREATE TABLE sync_requests (
    sync_id uuid PRIMARY KEY,
    customer_id text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    priority priority NOT NULL,
    requested_data jsonb NOT NULL,
    status sync_request_status NOT NULL,
    attempt smallint NOT NULL,
    started_at timestamptz,
    deadline timestamptz,
    finished_at timestamptz,
    steps jsonb NOT NULL DEFAULT '[]',
    error text
);
CREATE INDEX sync_requests_customer ON sync_requests (customer_id);
-- The timers: what is to start, and what is overdue. Finished syncs, nearly all of the table, are not in it.
CREATE INDEX sync_requests_due ON sync_requests (deadline) WHERE status IN ('scheduled', 'pending');

COMMENT ON TABLE sync_requests IS 'Syncs: requests to the source system for a customer''s data. One row a sync.';
COMMENT ON COLUMN sync_requests.sync_id IS 'The sync, a UUID of version 7.';
COMMENT ON COLUMN sync_requests.customer_id IS 'The customer.';
COMMENT ON COLUMN sync_requests.reason IS 'Why it was asked for.';
COMMENT ON COLUMN sync_requests.priority IS 'low < medium < high < urgent; sets the deadline.';
COMMENT ON COLUMN sync_requests.requested_data IS 'What is asked for, an array of codes.';
COMMENT ON COLUMN sync_requests.status IS 'scheduled, pending (requested, not answered), completed, failed (a retry follows) or given_up.';
COMMENT ON COLUMN sync_requests.attempt IS 'Which attempt it is, from 1.';
COMMENT ON COLUMN sync_requests.started_at IS 'When the request was published.';
COMMENT ON COLUMN sync_requests.deadline IS 'When its timer is due: a scheduled sync starts then, a pending one has failed.';
COMMENT ON COLUMN sync_requests.finished_at IS 'When it was completed, failed or given up.';
COMMENT ON COLUMN sync_requests.steps IS 'Its steps: an array of objects with step, status, message, time.';
COMMENT ON COLUMN sync_requests.error IS 'Why it failed.';

CREATE TYPE critical_sync_type AS ENUM ('full_profile', 'financial_data', 'assets_update', 'compliance_update');
CREATE TYPE change_status AS ENUM ('pending_approval', 'applied', 'approved', 'rejected');

CREATE TABLE critical_changes (
    customer_id text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    sync_type critical_sync_type NOT NULL,
    priority priority NOT NULL,
    changes jsonb NOT NULL,
    source text,
    status change_status NOT NULL,
    event_id text NOT NULL,
    at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    reason text,
    origin jsonb NOT NULL,
    PRIMARY KEY (customer_id, request_id)
);
CREATE INDEX critical_changes_pending ON critical_changes (at) WHERE status = 'pending_approval';

COMMENT ON TABLE critical_changes IS 'Critical syncs and what became of them. One row a request.';
COMMENT ON COLUMN critical_changes.customer_id IS 'The customer.';
COMMENT ON COLUMN critical_changes.request_id IS 'The request, as its sender names it.';
COMMENT ON COLUMN critical_changes.sync_type IS 'What kind of data it changes.';
COMMENT ON COLUMN critical_changes.priority IS 'Its priority, as sent.';
COMMENT ON COLUMN critical_changes.changes IS 'The changes: an array of objects with field, oldValue, newValue, impact, as sent.';
COMMENT ON COLUMN critical_changes.source IS 'Who sent it.';
COMMENT ON COLUMN critical_changes.status IS 'applied at once, or pending_approval and then approved or rejected.';
COMMENT ON COLUMN critical_changes.event_id IS 'The event.';
COMMENT ON COLUMN critical_changes.at IS 'The event time.';
COMMENT ON COLUMN critical_changes.decided_by IS 'The administrator who approved or rejected it.';
COMMENT ON COLUMN critical_changes.decided_at IS 'When it was approved or rejected.';
COMMENT ON COLUMN critical_changes.reason IS 'Why it was approved or rejected.';
COMMENT ON COLUMN critical_changes.origin IS 'Where it was read: an object with topic, partition and offset.';

CREATE TABLE admin_activity (
    id uuid PRIMARY KEY,
    who text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    customer_id text COLLATE "C",
    reason text,
    before jsonb,
    after jsonb,
    at timestamptz NOT NULL,
    request_id text
);
CREATE INDEX admin_activity_customer ON admin_activity (customer_id, at);
CREATE INDEX admin_activity_at ON admin_activity USING brin (at);

COMMENT ON TABLE admin_activity IS 'What administrators did. One row an act.';
COMMENT ON COLUMN admin_activity.id IS 'The act.';
COMMENT ON COLUMN admin_activity.who IS 'The administrator: the subject of the token.';
COMMENT ON COLUMN admin_activity.role IS 'The role under which it was done.';
COMMENT ON COLUMN admin_activity.action IS 'What was done.';
COMMENT ON COLUMN admin_activity.customer_id IS 'The customer that it was done to.';
COMMENT ON COLUMN admin_activity.reason IS 'Why, in the administrator''s words.';
COMMENT ON COLUMN admin_activity.before IS 'The values before.';
COMMENT ON COLUMN admin_activity.after IS 'The values after.';
COMMENT ON COLUMN admin_activity.at IS 'When.';
COMMENT ON COLUMN admin_activity.request_id IS 'The request that did it.';
