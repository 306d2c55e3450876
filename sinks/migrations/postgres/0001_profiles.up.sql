-- The profiles. Names in braces are those that `table:` and `columns:` of the sink may rename.

CREATE TYPE customer_type AS ENUM ('PME', 'FINANCIAL_INSTITUTION');
CREATE TYPE compliance_rating AS ENUM ('critical', 'low', 'medium', 'high');
CREATE TYPE risk_level AS ENUM ('low', 'medium', 'high');
CREATE TYPE priority AS ENUM ('low', 'medium', 'high', 'urgent');
CREATE TYPE admin_status AS ENUM
    ('under_review', 'validated', 'flagged', 'suspended', 'archived', 'requires_attention', 'rejected');
CREATE TYPE sync_status AS ENUM ('not_synced', 'sync_scheduled', 'pending_sync', 'synced', 'sync_failed');

-- COLLATE "C": keys compare as bytes, as the engine sorts them, and the index is the cheaper for it.
CREATE TABLE {table} (
    {customer_id} text COLLATE "C" PRIMARY KEY,
    {customer_type} customer_type NOT NULL,
    {name} text,
    {email} text,
    {status} text,
    {basic} jsonb,
    {company_profile} jsonb,
    {institution_profile} jsonb,
    {specific_data} jsonb,
    {extended_profile} jsonb,
    {regulatory_profile} jsonb,
    {assets} jsonb,
    {assets_summary} jsonb,
    {stocks} jsonb,
    {stocks_summary} jsonb,
    {performance_metrics} jsonb,
    {producer_completeness} jsonb,
    {completeness} smallint NOT NULL CHECK ({completeness} BETWEEN 0 AND 100),
    {completeness_detail} jsonb NOT NULL,
    {conformity_score} smallint NOT NULL CHECK ({conformity_score} BETWEEN 0 AND 100),
    {is_conform} boolean NOT NULL,
    {conformity_issues} jsonb NOT NULL,
    {compliance_rating} compliance_rating,
    {risk_score} smallint CHECK ({risk_score} BETWEEN 0 AND 100),
    {risk_level} risk_level,
    {risk_factors} jsonb NOT NULL,
    {risk_profile} jsonb,
    {insights} jsonb NOT NULL,
    {financial_metrics} jsonb,
    {inventory_metrics} jsonb,
    {alerts} jsonb NOT NULL,
    {attention_reasons} jsonb NOT NULL,
    {suggested_actions} jsonb NOT NULL,
    {requires_attention} boolean NOT NULL,
    {review_priority} priority NOT NULL,
    {urgency} smallint NOT NULL CHECK ({urgency} BETWEEN 0 AND 100),
    {data_richness} smallint NOT NULL CHECK ({data_richness} BETWEEN 0 AND 100),
    {total_assets_value} numeric NOT NULL DEFAULT 0,
    {total_stock_value} numeric NOT NULL DEFAULT 0,
    {admin_status} admin_status NOT NULL,
    {risk_flags} jsonb NOT NULL,
    {admin_status_by_hand} admin_status,
    {compliance_rating_by_hand} compliance_rating,
    {review_priority_by_hand} priority,
    {risk_flags_by_hand} jsonb NOT NULL DEFAULT '[]',
    {admin_notes} text,
    {reviewed_by} text,
    {reviewed_at} timestamptz,
    {sync_status} sync_status NOT NULL DEFAULT 'not_synced',
    {last_sync_at} timestamptz,
    {next_scheduled_sync} timestamptz,
    {sync_errors} jsonb NOT NULL DEFAULT '[]',
    {sync_metadata} jsonb NOT NULL DEFAULT '[]',
    {data_version} text,
    {as_of} timestamptz,
    {state} jsonb NOT NULL,
    {rules_hash} text NOT NULL,
    {last_event_id} text,
    {version} bigint NOT NULL,
    {created_at} timestamptz NOT NULL,
    {updated_at} timestamptz NOT NULL
) WITH (
    -- Room on each page for the next version of its rows: an update that touches no indexed column then stays on the page (HOT)
    -- and writes no index.
    fillfactor = 85,
    -- Half a page for a row, inline: a row of 5 KB then stays whole, compressed, where the default of a quarter of a page moves sections
    -- out of line, writes them again at each update, and leaves fewer than half of the updates HOT (measured: a quarter slower).
    toast_tuple_target = 4080,
    -- Dead versions are reclaimed before the table grows by more than a twentieth.
    autovacuum_vacuum_scale_factor = 0.05
);

-- lz4 costs a third of pglz's time for about the same size. A server built without it (or before 14) keeps pglz.
DO $$
DECLARE
    wide text;
BEGIN
    FOR wide IN
        SELECT attname FROM pg_attribute
        WHERE attrelid = '{table}'::regclass AND attnum > 0 AND atttypid = 'jsonb'::regtype
    LOOP
        EXECUTE format('ALTER TABLE {table} ALTER COLUMN %I SET COMPRESSION lz4', wide);
    END LOOP;
EXCEPTION
    WHEN feature_not_supported OR syntax_error THEN
        RAISE NOTICE 'this server has no lz4: the profiles stay compressed by pglz';
END
$$;

-- Few indexes, all partial: each one is written by every update that is not HOT, and one on a column that every write changes
-- (updated_at, version, as_of) would make none of them HOT. What they hold changes rarely, and they select: most customers ask for
-- no attention, have no status of their own, and no sync under way. customerType, complianceRating and completeness do not select;
-- a list filtered by them walks the key's index.
CREATE INDEX profiles_attention ON {table} ({urgency} DESC, {customer_id}) WHERE {requires_attention};
CREATE INDEX profiles_admin_status ON {table} ({admin_status}, {customer_id})
    WHERE {admin_status} <> 'under_review';
CREATE INDEX profiles_sync_status ON {table} ({sync_status}, {customer_id})
    WHERE {sync_status} NOT IN ('not_synced', 'synced');
-- The backfill's work list (spec/3 §7): empty when it is done.
CREATE INDEX profiles_old_version ON {table} ({customer_id}) WHERE {data_version} IS DISTINCT FROM '2.1';

COMMENT ON TABLE {table} IS 'The profile of a customer: what events said, what the rules compute of it, what administrators set. One row a customer.';
COMMENT ON COLUMN {table}.{customer_id} IS 'The customer, as the source system names it.';
COMMENT ON COLUMN {table}.{customer_type} IS 'PME (a small company) or FINANCIAL_INSTITUTION: as the latest complete or shared profile states, else by the sections that exist.';
COMMENT ON COLUMN {table}.{name} IS 'The name in the basic section.';
COMMENT ON COLUMN {table}.{email} IS 'The email address in the basic section.';
COMMENT ON COLUMN {table}.{status} IS 'The status in the source system, from the basic section: active, pending, suspended, inactive, needs_validation, validation_in_progress, validated.';
COMMENT ON COLUMN {table}.{basic} IS 'Section: name, email, phone, logo, address, status, accountType, createdAt, updatedAt. Wire names.';
COMMENT ON COLUMN {table}.{company_profile} IS 'Section: a company''s legal form, industry, numbers, owner, associates, locations. Wire names.';
COMMENT ON COLUMN {table}.{institution_profile} IS 'Section: an institution''s shared profile. Wire names.';
COMMENT ON COLUMN {table}.{specific_data} IS 'Section: an institution''s specialised data, over 70 fields. Wire names.';
COMMENT ON COLUMN {table}.{extended_profile} IS 'Section: a company''s identification form. Wire names.';
COMMENT ON COLUMN {table}.{regulatory_profile} IS 'Section: an institution''s compliance status, audits, reporting requirements. Wire names.';
COMMENT ON COLUMN {table}.{assets} IS 'Section: the asset lines, an array. Wire names.';
COMMENT ON COLUMN {table}.{assets_summary} IS 'The producer''s summary beside the asset lines, as sent; totals elsewhere are computed from the lines.';
COMMENT ON COLUMN {table}.{stocks} IS 'Section: the stock lines, an array. Wire names.';
COMMENT ON COLUMN {table}.{stocks_summary} IS 'The producer''s summary beside the stock lines, as sent; totals elsewhere are computed from the lines.';
COMMENT ON COLUMN {table}.{performance_metrics} IS 'Section: performance metrics, as sent.';
COMMENT ON COLUMN {table}.{producer_completeness} IS 'Section: the producer''s own completeness, as sent; ours is in completeness.';
COMMENT ON COLUMN {table}.{completeness} IS 'How complete the profile is, 0 to 100.';
COMMENT ON COLUMN {table}.{completeness_detail} IS 'Complete and incomplete sections, missing fields, and for institutions the coverage of fields by group.';
COMMENT ON COLUMN {table}.{conformity_score} IS '100 less the points of each issue, 0 to 100.';
COMMENT ON COLUMN {table}.{is_conform} IS 'Whether the score is at least 70 and no issue is critical.';
COMMENT ON COLUMN {table}.{conformity_issues} IS 'The issues found: category, severity, code, field, message, recommendation.';
COMMENT ON COLUMN {table}.{compliance_rating} IS 'The compliance rating in force: set by hand, else computed; null where no rule rates. critical < low < medium < high.';
COMMENT ON COLUMN {table}.{risk_score} IS 'Points of risk, 0 to 100; null without the data to assess it.';
COMMENT ON COLUMN {table}.{risk_level} IS 'low (up to 20 points), medium (up to 50) or high; null without the data to assess it.';
COMMENT ON COLUMN {table}.{risk_factors} IS 'The codes of the risk factors that apply, an array.';
COMMENT ON COLUMN {table}.{risk_profile} IS 'The whole assessment: each factor with its points, what it saw and its limit; recommendations.';
COMMENT ON COLUMN {table}.{insights} IS 'Codes: an object with insights, recommendations, opportunities and alerts.';
COMMENT ON COLUMN {table}.{financial_metrics} IS 'What the asset lines add up to: totals, by category, depreciation in percent; null without lines.';
COMMENT ON COLUMN {table}.{inventory_metrics} IS 'What the stock lines add up to, and how they rotate; null without lines.';
COMMENT ON COLUMN {table}.{alerts} IS 'The open alerts, an array; the history of each is in profile_alerts.';
COMMENT ON COLUMN {table}.{attention_reasons} IS 'Why an administrator might look, an array of codes; stands whether or not attention is required.';
COMMENT ON COLUMN {table}.{suggested_actions} IS 'What to do, an array of codes.';
COMMENT ON COLUMN {table}.{requires_attention} IS 'Whether an administrator must look.';
COMMENT ON COLUMN {table}.{review_priority} IS 'The review priority in force: set by hand, else computed. low < medium < high < urgent.';
COMMENT ON COLUMN {table}.{urgency} IS 'How urgent a review is, 0 to 100.';
COMMENT ON COLUMN {table}.{data_richness} IS 'How much is known of the customer, 0 to 100.';
COMMENT ON COLUMN {table}.{total_assets_value} IS 'Sum of valeurActuelle over the asset lines, in the profile''s currency; 0 without lines.';
COMMENT ON COLUMN {table}.{total_stock_value} IS 'Sum of valeurTotaleStock over the stock lines, in the profile''s currency; 0 without lines.';
COMMENT ON COLUMN {table}.{admin_status} IS 'The administrative status in force: set by hand, else computed.';
COMMENT ON COLUMN {table}.{risk_flags} IS 'The risk flags in force, an array: those set by hand and those computed.';
COMMENT ON COLUMN {table}.{admin_status_by_hand} IS 'The status that an administrator set; null leaves it to the rules. No event writes it.';
COMMENT ON COLUMN {table}.{compliance_rating_by_hand} IS 'The rating that an administrator set; null leaves it to the rules. No event writes it.';
COMMENT ON COLUMN {table}.{review_priority_by_hand} IS 'The review priority that an administrator set; null leaves it to the rules. No event writes it.';
COMMENT ON COLUMN {table}.{risk_flags_by_hand} IS 'Risk flags that an administrator set, an array. No event writes it.';
COMMENT ON COLUMN {table}.{admin_notes} IS 'An administrator''s notes. No event writes it.';
COMMENT ON COLUMN {table}.{reviewed_by} IS 'The administrator who last reviewed the profile.';
COMMENT ON COLUMN {table}.{reviewed_at} IS 'When the profile was last reviewed.';
COMMENT ON COLUMN {table}.{sync_status} IS 'Where the synchronisation with the source system stands.';
COMMENT ON COLUMN {table}.{last_sync_at} IS 'When the last sync was answered.';
COMMENT ON COLUMN {table}.{next_scheduled_sync} IS 'When the next sync is to start, if one is planned.';
COMMENT ON COLUMN {table}.{sync_errors} IS 'Attempts that failed: an array of objects with timestamp, error, syncId, attempt.';
COMMENT ON COLUMN {table}.{sync_metadata} IS 'The last ten syncs, an array.';
COMMENT ON COLUMN {table}.{data_version} IS 'The data version that the latest event states: 2.1, or 2.0 before the migration.';
COMMENT ON COLUMN {table}.{as_of} IS 'The latest event time among the sections; what the rules count days from.';
COMMENT ON COLUMN {table}.{state} IS 'The engine''s own: who wrote each section and when, overlays of critical syncs, what is remembered of alerts.';
COMMENT ON COLUMN {table}.{rules_hash} IS 'The hash of the rules that computed the row.';
COMMENT ON COLUMN {table}.{last_event_id} IS 'The id of the event with the latest event time.';
COMMENT ON COLUMN {table}.{version} IS 'How often the row was written; consumers of the changelog ignore a lower one.';
COMMENT ON COLUMN {table}.{created_at} IS 'When the row was first written.';
COMMENT ON COLUMN {table}.{updated_at} IS 'When the row was last written.';
