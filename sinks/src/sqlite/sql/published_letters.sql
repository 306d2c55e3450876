-- Dead letters that the outbox names. ?1: a JSON array of ids.
select * from dead_letters where id in (select value from json_each(?1))
