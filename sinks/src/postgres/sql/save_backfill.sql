-- Notes how far a backfill is. Locks its row.
--
-- $1 pipeline, $2 name, $3 run, $4 the last customer, $5 how many were asked for, $6 begun, $7 now, $8 finished or null.
INSERT INTO backfills (pipeline, name, run, after, asked, started_at, updated_at, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (pipeline, name) DO UPDATE
SET run = excluded.run, after = excluded.after, asked = excluded.asked, started_at = excluded.started_at,
    updated_at = excluded.updated_at, finished_at = excluded.finished_at
