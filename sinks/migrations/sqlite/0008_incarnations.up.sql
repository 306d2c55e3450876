-- A topic that was deleted and made anew counts its offsets from 0 again: a position says which topic of that name it belongs to, as its
-- broker tells them apart; null where it does not. Under another one reading begins anew.
alter table pipeline_positions add column incarnation text;
