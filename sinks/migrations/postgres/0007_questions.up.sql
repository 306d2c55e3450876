-- One request id over several changes puts several questions, and an administrator decides over each: the key tells them apart.
-- Rows that are there have one question a request: their hash stays empty.
-- Locks the table until the key is built.
ALTER TABLE critical_changes ADD COLUMN changes_hash text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE critical_changes DROP CONSTRAINT critical_changes_pkey, ADD PRIMARY KEY (customer_id, request_id, changes_hash);

COMMENT ON TABLE critical_changes IS 'Critical syncs and what became of them. One row a request and what it asks for.';
COMMENT ON COLUMN critical_changes.changes_hash IS 'The first 128 bits of the SHA-256 of the changes'' canonical JSON, in hexadecimal.';
