-- From format 1 to 2, in one IMMEDIATE transaction: topics say which of their name they are.
ALTER TABLE topics ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';

UPDATE topics SET incarnation = lower(hex(randomblob(16)));

PRAGMA user_version = 2;
