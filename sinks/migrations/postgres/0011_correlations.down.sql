ALTER TABLE critical_changes DROP COLUMN correlation_id;
