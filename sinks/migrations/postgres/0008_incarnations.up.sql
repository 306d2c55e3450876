-- A topic that was deleted and made anew counts its offsets from 0 again: a position says which topic of that name it belongs to.
ALTER TABLE pipeline_positions ADD COLUMN incarnation text;

COMMENT ON COLUMN pipeline_positions.incarnation IS
    'Which topic of that name, as its broker tells them apart; null where it does not. Under another one reading begins anew.';
