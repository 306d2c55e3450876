-- Which migrations this database has. Under the advisory lock of whoever migrates.
CREATE TABLE IF NOT EXISTS schema_migrations (
    number bigint PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE schema_migrations IS 'The migrations that this database has. One row a migration.';
COMMENT ON COLUMN schema_migrations.number IS 'Its number, from 1.';
COMMENT ON COLUMN schema_migrations.name IS 'What it makes.';
COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied.';
