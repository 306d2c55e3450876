-- How far a backfill is. ?1: the pipeline; ?2: the name.
select run, filter, after, asked, started_at, finished_at from backfills where pipeline = ?1 and name = ?2
