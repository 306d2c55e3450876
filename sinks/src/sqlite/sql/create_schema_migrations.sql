-- Which steps of migrations/sqlite/ were applied. Made under the write lock that `begin immediate` took.
create table if not exists schema_migrations (number integer primary key, name text not null, applied_at text not null) strict
