ALTER TABLE pipeline_positions DROP COLUMN incarnation;
