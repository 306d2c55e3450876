-- Dead letters of a pipeline, oldest first. A filter that is null lets everything through.
-- ?1: the pipeline; ?2: reason; ?3: stage; ?4: topic; ?5: since; ?6: until; ?7, ?8: first and last id; ?9: at most so many;
-- ?10: bytes of each value at most, or null.
select id, stage, reason, violations, topic, partition, "offset", key, headers,
    case when ?10 is null then value else substr(value, 1, ?10) end as value, octet_length(value) as size_bytes, record_timestamp,
    first_seen, attempts
from dead_letters
where pipeline = ?1
    and (?2 is null or reason = ?2)
    and (?3 is null or stage = ?3)
    and (?4 is null or topic = ?4)
    and (?5 is null or first_seen >= ?5)
    and (?6 is null or first_seen < ?6)
    and (?7 is null or id between ?7 and ?8)
order by first_seen, topic, partition, "offset"
limit ?9
