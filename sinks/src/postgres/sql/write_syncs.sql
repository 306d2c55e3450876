-- Writes where customers' syncs stand, after merge_profiles.sql: whoever writes a customer's syncs holds the customer's row, if there is
-- one. Answers the customers whose row had the version that was read; if one is missing, the caller rolls back.
--
-- Locks the rows of sync_states in key order, as all who write them; what else it writes belongs to them. A timer that was taken is given
-- back.
--
-- States: $1 customers, $2 versions to be, $3 timers, $4 states. Syncs: $5 to $19. History: $20 to $29.
WITH states AS (
    INSERT INTO sync_states AS stored (customer_id, version, due, state)
    SELECT customer_id, version, due, state::jsonb
    FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[]) AS x (customer_id, version, due, state)
    ON CONFLICT (customer_id) DO UPDATE
    SET version = excluded.version, due = excluded.due, taken_until = NULL, state = excluded.state
    WHERE stored.version = excluded.version - 1
    RETURNING stored.customer_id
), requests AS (
    INSERT INTO sync_requests AS stored (sync_id, customer_id, reason, priority, requested_data, status, attempt, started_at, deadline,
        finished_at, steps, error, requested_by, requested_at, duration_ms)
    SELECT sync_id, customer_id, reason, priority::priority, requested_data::jsonb, status::sync_request_status, attempt, started_at,
        deadline, finished_at, steps::jsonb, error, requested_by, requested_at, duration_ms
    FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::smallint[], $12::timestamptz[],
        $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[], $17::text[], $18::timestamptz[], $19::bigint[])
        AS x (sync_id, customer_id, reason, priority, requested_data, status, attempt, started_at, deadline, finished_at, steps, error,
            requested_by, requested_at, duration_ms)
    ON CONFLICT (sync_id) DO UPDATE
    SET reason = excluded.reason, priority = excluded.priority, requested_data = excluded.requested_data, status = excluded.status,
        attempt = excluded.attempt, started_at = excluded.started_at, deadline = excluded.deadline, finished_at = excluded.finished_at,
        steps = excluded.steps, error = excluded.error, requested_by = excluded.requested_by, requested_at = excluded.requested_at,
        duration_ms = excluded.duration_ms
), history AS (
    INSERT INTO sync_history (customer_id, seq, sync_id, attempt, what, who, why, before, after, at)
    SELECT customer_id, seq, sync_id, attempt, what, who, why, before::sync_status, after::sync_status, at
    FROM unnest($20::text[], $21::bigint[], $22::uuid[], $23::smallint[], $24::text[], $25::text[], $26::text[], $27::text[],
        $28::text[], $29::timestamptz[])
        AS x (customer_id, seq, sync_id, attempt, what, who, why, before, after, at)
    ON CONFLICT DO NOTHING
)
SELECT customer_id FROM states
