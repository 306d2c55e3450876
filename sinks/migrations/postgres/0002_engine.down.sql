DROP TABLE pipeline_positions, leases, outbox, seen_events, dead_letters;
DROP TYPE outbox_kind, dead_letter_reason;
