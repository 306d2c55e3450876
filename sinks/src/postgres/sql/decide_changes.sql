-- Notes what administrators decided, and what they did, after merge_profiles.sql: whoever decides over a customer's changes holds the
-- customer's row. What was decided before stays: the first verdict counts.
--
-- Locks the rows that it updates, in the order of their keys.
--
-- Verdicts: $1 customers, $2 requests, $3 hashes, $4 statuses, $5 who, $6 when, $7 why. Acts: $8 to $17.
WITH verdicts AS (
    SELECT stored.customer_id, stored.request_id, stored.changes_hash, x.status, x.by, x.at, x.reason
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
        AS x (customer_id, request_id, changes_hash, status, by, at, reason)
    JOIN critical_changes AS stored USING (customer_id, request_id, changes_hash)
    WHERE stored.status = 'pending_approval'
    ORDER BY customer_id, request_id, changes_hash
    FOR UPDATE OF stored
), decided AS (
    UPDATE critical_changes AS stored
    SET status = verdicts.status::change_status, decided_by = verdicts.by, decided_at = verdicts.at, reason = verdicts.reason
    FROM verdicts
    WHERE (stored.customer_id, stored.request_id, stored.changes_hash)
        = (verdicts.customer_id, verdicts.request_id, verdicts.changes_hash)
)
INSERT INTO admin_activity (id, who, role, action, customer_id, reason, before, after, at, request_id)
SELECT id, who, role, action, customer_id, reason, before::jsonb, after::jsonb, at, request_id
FROM unnest($8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[],
    $17::text[])
    AS x (id, who, role, action, customer_id, reason, before, after, at, request_id)
ON CONFLICT (id) DO NOTHING
