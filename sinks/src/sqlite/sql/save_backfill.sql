-- Notes how far a backfill is. ?1 pipeline, ?2 name, ?3 run, ?4 the last customer, ?5 how many were asked for, ?6 begun, ?7 now,
-- ?8 finished or null.
insert into backfills (pipeline, name, run, after, asked, started_at, updated_at, finished_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
on conflict (pipeline, name) do update set
    run = excluded.run, after = excluded.after, asked = excluded.asked, started_at = excluded.started_at,
    updated_at = excluded.updated_at, finished_at = excluded.finished_at
