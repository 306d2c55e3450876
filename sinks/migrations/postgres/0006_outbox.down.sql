DROP INDEX outbox_by_id;
ALTER TABLE outbox ADD CONSTRAINT outbox_pipeline_id_key UNIQUE (pipeline, id);

COMMENT ON COLUMN dead_letters.id IS 'Deterministic: of the pipeline and the record''s origin.';
