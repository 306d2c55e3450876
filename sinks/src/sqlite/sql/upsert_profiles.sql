-- Writes profiles whose versions were compared under the write lock, so nothing can be lost between the look and the write.
-- An existing row keeps what administrators wrote: those columns, and created_at, are not set below.
-- A section that shows what it showed comes as null and keeps its column; JSON's null empties it.
insert into {table} (
    {customer_id}, {customer_type}, {name}, {email}, {status},
    {basic}, {company_profile}, {institution_profile}, {specific_data}, {extended_profile}, {regulatory_profile},
    {assets}, {assets_summary}, {stocks}, {stocks_summary}, {performance_metrics}, {producer_completeness},
    {completeness}, {completeness_detail}, {conformity_score}, {is_conform}, {conformity_issues}, {compliance_rating},
    {risk_score}, {risk_level}, {risk_factors}, {risk_profile}, {insights}, {financial_metrics}, {inventory_metrics},
    {alerts}, {attention_reasons}, {suggested_actions}, {requires_attention}, {review_priority}, {urgency}, {data_richness},
    {total_assets_value}, {total_stock_value}, {admin_status}, {risk_flags},
    {admin_status_by_hand}, {compliance_rating_by_hand}, {review_priority_by_hand}, {risk_flags_by_hand},
    {sync_status}, {last_sync_at}, {data_version}, {as_of}, {state}, {rules_hash}, {last_event_id}, {version},
    {created_at}, {updated_at}, {next_scheduled_sync}, {sync_errors}, {sync_metadata}
)
values {rows}
on conflict ({customer_id}) do update set
    {basic} = nullif(coalesce(excluded.{basic}, {table}.{basic}), 'null'),
    {company_profile} = nullif(coalesce(excluded.{company_profile}, {table}.{company_profile}), 'null'),
    {institution_profile} = nullif(coalesce(excluded.{institution_profile}, {table}.{institution_profile}), 'null'),
    {specific_data} = nullif(coalesce(excluded.{specific_data}, {table}.{specific_data}), 'null'),
    {extended_profile} = nullif(coalesce(excluded.{extended_profile}, {table}.{extended_profile}), 'null'),
    {regulatory_profile} = nullif(coalesce(excluded.{regulatory_profile}, {table}.{regulatory_profile}), 'null'),
    {assets} = nullif(coalesce(excluded.{assets}, {table}.{assets}), 'null'),
    {assets_summary} = nullif(coalesce(excluded.{assets_summary}, {table}.{assets_summary}), 'null'),
    {stocks} = nullif(coalesce(excluded.{stocks}, {table}.{stocks}), 'null'),
    {stocks_summary} = nullif(coalesce(excluded.{stocks_summary}, {table}.{stocks_summary}), 'null'),
    {performance_metrics} = nullif(coalesce(excluded.{performance_metrics}, {table}.{performance_metrics}), 'null'),
    {producer_completeness} = nullif(coalesce(excluded.{producer_completeness}, {table}.{producer_completeness}), 'null'),
    {customer_type} = excluded.{customer_type}, {name} = excluded.{name}, {email} = excluded.{email},
    {status} = excluded.{status}, {completeness} = excluded.{completeness},
    {completeness_detail} = excluded.{completeness_detail}, {conformity_score} = excluded.{conformity_score},
    {is_conform} = excluded.{is_conform}, {conformity_issues} = excluded.{conformity_issues},
    {compliance_rating} = excluded.{compliance_rating}, {risk_score} = excluded.{risk_score},
    {risk_level} = excluded.{risk_level}, {risk_factors} = excluded.{risk_factors}, {risk_profile} = excluded.{risk_profile},
    {insights} = excluded.{insights}, {financial_metrics} = excluded.{financial_metrics},
    {inventory_metrics} = excluded.{inventory_metrics}, {alerts} = excluded.{alerts},
    {attention_reasons} = excluded.{attention_reasons}, {suggested_actions} = excluded.{suggested_actions},
    {requires_attention} = excluded.{requires_attention}, {review_priority} = excluded.{review_priority},
    {urgency} = excluded.{urgency}, {data_richness} = excluded.{data_richness},
    {total_assets_value} = excluded.{total_assets_value}, {total_stock_value} = excluded.{total_stock_value},
    {admin_status} = excluded.{admin_status}, {risk_flags} = excluded.{risk_flags},
    {sync_status} = excluded.{sync_status}, {last_sync_at} = excluded.{last_sync_at},
    {next_scheduled_sync} = excluded.{next_scheduled_sync}, {sync_errors} = excluded.{sync_errors},
    {sync_metadata} = excluded.{sync_metadata}, {data_version} = excluded.{data_version},
    {as_of} = excluded.{as_of}, {state} = excluded.{state}, {rules_hash} = excluded.{rules_hash},
    {last_event_id} = excluded.{last_event_id}, {version} = excluded.{version}, {updated_at} = excluded.{updated_at}
