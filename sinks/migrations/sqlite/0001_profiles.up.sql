-- The profiles, and what is kept beside them. SQLite has no comments on columns: they stand here.
--
-- JSON is TEXT, booleans are 0 or 1, times are TEXT: RFC 3339 in UTC with six digits after the second, so that they sort as they are.
-- total_assets_value and total_stock_value are REAL, so that a panel can add, average and sort them; their exact digits stand in
-- financial_metrics and inventory_metrics, for SQLite's numbers end at 64 bits.
create table {table} (
    {customer_id} text not null primary key,             -- the customer; the key
    {customer_type} text not null check ({customer_type} in ('PME', 'FINANCIAL_INSTITUTION')),
    {name} text,                                         -- of the basic section, like email and status
    {email} text,
    {status} text,
    {basic} text,                                        -- sections: JSON as the producer sent it, critical changes over it
    {company_profile} text,
    {institution_profile} text,
    {specific_data} text,
    {extended_profile} text,
    {regulatory_profile} text,
    {assets} text,                                       -- the array of lines
    {assets_summary} text,                               -- the producer's summary, as sent
    {stocks} text,
    {stocks_summary} text,
    {performance_metrics} text,
    {producer_completeness} text,                        -- the producer's own completeness, as sent
    {completeness} integer not null check ({completeness} between 0 and 100),
    {completeness_detail} text not null,                 -- JSON: sections, missing fields, coverage
    {conformity_score} integer not null check ({conformity_score} between 0 and 100),
    {is_conform} integer not null check ({is_conform} in (0, 1)),
    {conformity_issues} text not null,                   -- JSON array
    {compliance_rating} text check ({compliance_rating} in ('high', 'medium', 'low', 'critical')),
    {risk_score} integer check ({risk_score} between 0 and 100), -- null: not assessed
    {risk_level} text check ({risk_level} in ('low', 'medium', 'high')),
    {risk_factors} text not null,                        -- JSON array of codes
    {risk_profile} text,                                 -- JSON: the whole assessment, with what each factor saw
    {insights} text not null,                            -- JSON: insights, recommendations, opportunities, alerts; codes
    {financial_metrics} text,                            -- JSON: what the asset lines add up to, exact
    {inventory_metrics} text,                            -- JSON: what the stock lines add up to, exact
    {alerts} text not null,                              -- JSON array of the alerts that hold
    {attention_reasons} text not null,                   -- JSON array of codes
    {suggested_actions} text not null,                   -- JSON array of codes
    {requires_attention} integer not null check ({requires_attention} in (0, 1)),
    {review_priority} text not null check ({review_priority} in ('low', 'medium', 'high', 'urgent')),
    {urgency} integer not null check ({urgency} between 0 and 100),
    {data_richness} integer not null check ({data_richness} between 0 and 100),
    {total_assets_value} real not null,                  -- 0 without lines
    {total_stock_value} real not null,
    {admin_status} text not null check ({admin_status} in
        ('under_review', 'validated', 'flagged', 'suspended', 'archived', 'requires_attention', 'rejected')),
    {risk_flags} text not null,                          -- JSON array: set by hand and computed
    -- From here to sync_metadata: administrators and syncs write them; an event never does.
    {admin_status_by_hand} text check ({admin_status_by_hand} in
        ('under_review', 'validated', 'flagged', 'suspended', 'archived', 'requires_attention', 'rejected')),
    {compliance_rating_by_hand} text check ({compliance_rating_by_hand} in ('high', 'medium', 'low', 'critical')),
    {review_priority_by_hand} text check ({review_priority_by_hand} in ('low', 'medium', 'high', 'urgent')),
    {risk_flags_by_hand} text not null default '[]',
    {admin_notes} text,
    {reviewed_by} text,
    {reviewed_at} text,
    {sync_status} text not null default 'not_synced' check ({sync_status} in
        ('not_synced', 'sync_scheduled', 'pending_sync', 'synced', 'sync_failed')),
    {last_sync_at} text,
    {next_scheduled_sync} text,
    {sync_errors} text not null default '[]',            -- JSON array
    {sync_metadata} text not null default '[]',          -- JSON array: the last ten
    {data_version} text,                                 -- as the latest event states
    {as_of} text,                                        -- the latest event time among the sections
    {state} text not null,                               -- the engine's own: stamps, overlays, alert counts
    {rules_hash} text not null,                          -- the rules that computed this row
    {last_event_id} text,
    {version} integer not null,                          -- counts the writes of this row, from 1
    {created_at} text not null,
    {updated_at} text not null
) strict;

-- The lists of the admin API and the views below select by these. Each one costs every write: no more than that.
create index profiles_by_update on {table} ({updated_at});
create index profiles_by_attention on {table} ({urgency} desc, {customer_id}) where {requires_attention} = 1;

-- An alert of a customer; at most one of a kind holds at a time.
create table profile_alerts (
    id text not null primary key,
    customer_id text not null,
    kind text not null,
    level text not null check (level in ('low', 'medium', 'high', 'urgent')),
    status text not null check (status in ('open', 'acknowledged', 'resolved')),
    message text not null,
    data text not null,                                  -- JSON: the lines listed, the value and its limit
    raised_at text not null,                             -- event time
    updated_at text not null,
    resolved_at text,
    acknowledged_by text,
    acknowledged_at text,
    transition integer not null                          -- the number of its last change; only a greater one replaces it
) strict;
create index profile_alerts_by_customer on profile_alerts (customer_id, kind);
create index profile_alerts_open on profile_alerts (kind, level) where status <> 'resolved';

-- A change of completeness, rating, conformity score, risk level or admin status.
create table profile_history (
    customer_id text not null,
    version integer not null,                            -- of the row that the change made
    field text not null check (field in
        ('completeness', 'compliance_rating', 'conformity_score', 'risk_level', 'admin_status')),
    before text,
    after text,
    event_id text,
    at text not null,
    primary key (customer_id, version, field)
) strict;
create index profile_history_by_time on profile_history (at);

-- A critical sync's changes: applied at once, or waiting for an administrator.
create table critical_changes (
    customer_id text not null,
    request_id text not null,
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
    primary key (customer_id, request_id)
) strict;
create index critical_changes_waiting on critical_changes (at) where status = 'pending_approval';
