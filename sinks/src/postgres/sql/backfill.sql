-- How far a backfill is. Locks nothing.
--
-- $1 pipeline, $2 name.
SELECT run, filter, after, asked, started_at, finished_at FROM backfills WHERE pipeline = $1 AND name = $2
