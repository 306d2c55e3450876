-- Writes the profiles of a batch, each customer once, in the order of the arrays: sorted by customer.
--
-- Locks: each customer's row, in key order, whether it exists or is new (a new one on the unique index), so two batches that share
-- customers wait for each other and cannot deadlock. No update is lost: a row is written only over the version that it was made from.
-- One whose version is another is locked, left as it is and not returned; the caller then rolls back and merges again. `inserted` tells
-- a new row from one that was there (a row version that an update made has the locker in xmax): a row that was read and is gone
-- must not come back.
--
-- A section that shows what it showed is sent as null and keeps its column: nothing is parsed, compressed or moved for it (an update
-- keeps the out-of-line value of a column that it does not change). JSON's null empties the column.
--
-- What administrators own (by hand, notes, reviews) is written for a new row only; an existing row keeps its own.
-- The changelog's entry has no payload: it is one row a customer, raised to the version that this transaction makes.
--
-- The arrays, one a column and all of one length, are unnested in the select list, row by row: in FROM they would be laid out whole
-- before the first row is written (measured: a fifth slower).
--
-- $1 now, $2 pipeline, $3 the changelog's topic or null, then the arrays.
WITH written AS (
    INSERT INTO {table} AS stored (
        {customer_id}, {customer_type}, {name}, {email}, {status}, {basic}, {company_profile}, {institution_profile},
        {specific_data}, {extended_profile}, {regulatory_profile}, {assets}, {assets_summary}, {stocks}, {stocks_summary},
        {performance_metrics}, {producer_completeness}, {completeness}, {completeness_detail}, {conformity_score},
        {is_conform}, {conformity_issues}, {compliance_rating}, {risk_score}, {risk_level}, {risk_factors}, {risk_profile},
        {insights}, {financial_metrics}, {inventory_metrics}, {alerts}, {attention_reasons}, {suggested_actions},
        {requires_attention}, {review_priority}, {urgency}, {data_richness}, {total_assets_value}, {total_stock_value},
        {admin_status}, {risk_flags}, {admin_status_by_hand}, {compliance_rating_by_hand}, {review_priority_by_hand},
        {risk_flags_by_hand}, {sync_status}, {last_sync_at}, {data_version}, {as_of}, {state}, {rules_hash}, {last_event_id},
        {version}, {created_at}, {updated_at}, {next_scheduled_sync}, {sync_errors}, {sync_metadata}
    )
    SELECT
        x.customer_id, x.customer_type::customer_type, x.name, x.email, x.status, x.basic::jsonb, x.company_profile::jsonb,
        x.institution_profile::jsonb, x.specific_data::jsonb, x.extended_profile::jsonb, x.regulatory_profile::jsonb,
        x.assets::jsonb, x.assets_summary::jsonb, x.stocks::jsonb, x.stocks_summary::jsonb, x.performance_metrics::jsonb,
        x.producer_completeness::jsonb, x.completeness, x.completeness_detail::jsonb, x.conformity_score, x.is_conform,
        x.conformity_issues::jsonb, x.compliance_rating::compliance_rating, x.risk_score, x.risk_level::risk_level,
        x.risk_factors::jsonb, x.risk_profile::jsonb, x.insights::jsonb, x.financial_metrics::jsonb,
        x.inventory_metrics::jsonb, x.alerts::jsonb, x.attention_reasons::jsonb, x.suggested_actions::jsonb,
        x.requires_attention, x.review_priority::priority, x.urgency, x.data_richness, x.total_assets_value,
        x.total_stock_value, x.admin_status::admin_status, x.risk_flags::jsonb, x.admin_status_by_hand::admin_status,
        x.compliance_rating_by_hand::compliance_rating, x.review_priority_by_hand::priority, x.risk_flags_by_hand::jsonb,
        x.sync_status::sync_status, x.last_sync_at, x.data_version, x.as_of, x.state::jsonb, x.rules_hash, x.last_event_id,
        x.version, $1, $1, x.next_scheduled_sync, x.sync_errors::jsonb, x.sync_metadata::jsonb
    FROM (
        SELECT
            unnest($4::text[]) AS customer_id, unnest($5::text[]) AS customer_type, unnest($6::text[]) AS name,
            unnest($7::text[]) AS email, unnest($8::text[]) AS status, unnest($9::text[]) AS basic,
            unnest($10::text[]) AS company_profile, unnest($11::text[]) AS institution_profile,
            unnest($12::text[]) AS specific_data, unnest($13::text[]) AS extended_profile,
            unnest($14::text[]) AS regulatory_profile, unnest($15::text[]) AS assets, unnest($16::text[]) AS assets_summary,
            unnest($17::text[]) AS stocks, unnest($18::text[]) AS stocks_summary, unnest($19::text[]) AS performance_metrics,
            unnest($20::text[]) AS producer_completeness, unnest($21::smallint[]) AS completeness,
            unnest($22::text[]) AS completeness_detail, unnest($23::smallint[]) AS conformity_score,
            unnest($24::boolean[]) AS is_conform, unnest($25::text[]) AS conformity_issues,
            unnest($26::text[]) AS compliance_rating, unnest($27::smallint[]) AS risk_score, unnest($28::text[]) AS risk_level,
            unnest($29::text[]) AS risk_factors, unnest($30::text[]) AS risk_profile, unnest($31::text[]) AS insights,
            unnest($32::text[]) AS financial_metrics, unnest($33::text[]) AS inventory_metrics, unnest($34::text[]) AS alerts,
            unnest($35::text[]) AS attention_reasons, unnest($36::text[]) AS suggested_actions,
            unnest($37::boolean[]) AS requires_attention, unnest($38::text[]) AS review_priority,
            unnest($39::smallint[]) AS urgency, unnest($40::smallint[]) AS data_richness,
            unnest($41::numeric[]) AS total_assets_value, unnest($42::numeric[]) AS total_stock_value,
            unnest($43::text[]) AS admin_status, unnest($44::text[]) AS risk_flags,
            unnest($45::text[]) AS admin_status_by_hand, unnest($46::text[]) AS compliance_rating_by_hand,
            unnest($47::text[]) AS review_priority_by_hand, unnest($48::text[]) AS risk_flags_by_hand,
            unnest($49::text[]) AS sync_status, unnest($50::timestamptz[]) AS last_sync_at,
            unnest($51::text[]) AS data_version, unnest($52::timestamptz[]) AS as_of, unnest($53::text[]) AS state,
            unnest($54::text[]) AS rules_hash, unnest($55::text[]) AS last_event_id, unnest($56::bigint[]) AS version,
            unnest($57::timestamptz[]) AS next_scheduled_sync, unnest($58::text[]) AS sync_errors,
            unnest($59::text[]) AS sync_metadata
    ) AS x
    ON CONFLICT ({customer_id}) DO UPDATE SET
        {basic} = CASE WHEN excluded.{basic} IS NULL THEN stored.{basic}
            ELSE nullif(excluded.{basic}, 'null') END,
        {company_profile} = CASE WHEN excluded.{company_profile} IS NULL THEN stored.{company_profile}
            ELSE nullif(excluded.{company_profile}, 'null') END,
        {institution_profile} = CASE WHEN excluded.{institution_profile} IS NULL THEN stored.{institution_profile}
            ELSE nullif(excluded.{institution_profile}, 'null') END,
        {specific_data} = CASE WHEN excluded.{specific_data} IS NULL THEN stored.{specific_data}
            ELSE nullif(excluded.{specific_data}, 'null') END,
        {extended_profile} = CASE WHEN excluded.{extended_profile} IS NULL THEN stored.{extended_profile}
            ELSE nullif(excluded.{extended_profile}, 'null') END,
        {regulatory_profile} = CASE WHEN excluded.{regulatory_profile} IS NULL THEN stored.{regulatory_profile}
            ELSE nullif(excluded.{regulatory_profile}, 'null') END,
        {assets} = CASE WHEN excluded.{assets} IS NULL THEN stored.{assets}
            ELSE nullif(excluded.{assets}, 'null') END,
        {assets_summary} = CASE WHEN excluded.{assets_summary} IS NULL THEN stored.{assets_summary}
            ELSE nullif(excluded.{assets_summary}, 'null') END,
        {stocks} = CASE WHEN excluded.{stocks} IS NULL THEN stored.{stocks}
            ELSE nullif(excluded.{stocks}, 'null') END,
        {stocks_summary} = CASE WHEN excluded.{stocks_summary} IS NULL THEN stored.{stocks_summary}
            ELSE nullif(excluded.{stocks_summary}, 'null') END,
        {performance_metrics} = CASE WHEN excluded.{performance_metrics} IS NULL THEN stored.{performance_metrics}
            ELSE nullif(excluded.{performance_metrics}, 'null') END,
        {producer_completeness} = CASE WHEN excluded.{producer_completeness} IS NULL THEN stored.{producer_completeness}
            ELSE nullif(excluded.{producer_completeness}, 'null') END,
        {customer_type} = excluded.{customer_type}, {name} = excluded.{name}, {email} = excluded.{email},
        {status} = excluded.{status}, {completeness} = excluded.{completeness},
        {completeness_detail} = excluded.{completeness_detail}, {conformity_score} = excluded.{conformity_score},
        {is_conform} = excluded.{is_conform}, {conformity_issues} = excluded.{conformity_issues},
        {compliance_rating} = excluded.{compliance_rating}, {risk_score} = excluded.{risk_score},
        {risk_level} = excluded.{risk_level}, {risk_factors} = excluded.{risk_factors},
        {risk_profile} = excluded.{risk_profile}, {insights} = excluded.{insights},
        {financial_metrics} = excluded.{financial_metrics}, {inventory_metrics} = excluded.{inventory_metrics},
        {alerts} = excluded.{alerts}, {attention_reasons} = excluded.{attention_reasons},
        {suggested_actions} = excluded.{suggested_actions}, {requires_attention} = excluded.{requires_attention},
        {review_priority} = excluded.{review_priority}, {urgency} = excluded.{urgency},
        {data_richness} = excluded.{data_richness}, {total_assets_value} = excluded.{total_assets_value},
        {total_stock_value} = excluded.{total_stock_value}, {admin_status} = excluded.{admin_status},
        {risk_flags} = excluded.{risk_flags}, {sync_status} = excluded.{sync_status},
        {last_sync_at} = excluded.{last_sync_at}, {next_scheduled_sync} = excluded.{next_scheduled_sync},
        {sync_errors} = excluded.{sync_errors}, {sync_metadata} = excluded.{sync_metadata}, {data_version} = excluded.{data_version}, {as_of} = excluded.{as_of},
        {state} = excluded.{state}, {rules_hash} = excluded.{rules_hash}, {last_event_id} = excluded.{last_event_id},
        {version} = excluded.{version}, {updated_at} = excluded.{updated_at}
    WHERE stored.{version} = excluded.{version} - 1
    RETURNING stored.{customer_id} AS customer_id, stored.{version} AS version, stored.xmax = 0 AS inserted
), announced AS (
    INSERT INTO outbox AS waiting (pipeline, id, kind, topic, key, record_timestamp, version)
    SELECT $2, 'profile/' || customer_id, 'profile', $3, customer_id, $1, version
    FROM written
    WHERE $3::text IS NOT NULL
    ON CONFLICT (id, (pipeline || '')) DO UPDATE
    SET topic = excluded.topic, record_timestamp = excluded.record_timestamp, version = excluded.version
)
SELECT customer_id, inserted FROM written
