-- Dead letters as they are published: the beginning of each one's bytes, and how many there are.
-- ?1: a JSON array of ids; ?2: bytes at most.
select id, stage, reason, violations, topic, partition, "offset", key, headers, substr(value, 1, ?2) as value,
    octet_length(value) as size_bytes, record_timestamp, first_seen, attempts
from dead_letters
where id in (select value from json_each(?1))
