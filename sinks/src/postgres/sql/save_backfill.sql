-- Notes how far a backfill is: one that is new, or that was through, or this very run of it. Locks its row; no row is written where
-- another run is under way.
--
-- $1 pipeline, $2 name, $3 run, $4 the filter, $5 the last customer, $6 how many were asked for, $7 begun, $8 now, $9 finished or null.
INSERT INTO backfills AS stored (pipeline, name, run, filter, after, asked, started_at, updated_at, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (pipeline, name) DO UPDATE
SET run = excluded.run, filter = excluded.filter, after = excluded.after, asked = excluded.asked, started_at = excluded.started_at,
    updated_at = excluded.updated_at, finished_at = excluded.finished_at
WHERE stored.run = excluded.run OR stored.finished_at IS NOT NULL
