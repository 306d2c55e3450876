-- Adds a topic that is not there yet. What tells it from others of its name is 128 random bits.
INSERT INTO topics (name, incarnation) VALUES (?1, lower(hex(randomblob(16)))) ON CONFLICT DO NOTHING RETURNING id
