-- What is to be published next, oldest first. ?1: the pipeline; ?2: at most so many. A profile or a dead letter that is gone has
-- nothing to say: its entry is passed over, so that it does not hold up the rest.
select seq, id, kind, topic, key, value, headers, record_timestamp from outbox
where pipeline = ?1
    and (kind <> 'profile' or exists (select 1 from {table} where {customer_id} = outbox.key))
    and (kind <> 'dead_letter' or exists (select 1 from dead_letters where dead_letters.id = outbox.key))
order by seq
limit ?2
