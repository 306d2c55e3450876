-- Writes alerts as their transitions leave them. A batch may hold several of one alert, and a replay older ones: the greater number
-- stands. Who acknowledged an alert is not among the columns: administrators write that.
insert into profile_alerts (id, customer_id, kind, level, status, message, data, raised_at, updated_at, resolved_at, transition)
values {rows}
on conflict (id) do update set
    level = excluded.level, status = excluded.status, message = excluded.message, data = excluded.data,
    updated_at = excluded.updated_at, resolved_at = excluded.resolved_at, transition = excluded.transition
where excluded.transition > profile_alerts.transition
