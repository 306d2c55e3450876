-- How many dead letters of a pipeline there are, by reason. The filters are those of dead_letters.sql. Locks nothing.
select reason, count(*) as number from dead_letters
where pipeline = ?1
    and (?2 is null or reason = ?2)
    and (?3 is null or stage = ?3)
    and (?4 is null or topic = ?4)
    and (?5 is null or first_seen >= ?5)
    and (?6 is null or first_seen < ?6)
    and (?7 is null or id between ?7 and ?8)
group by reason
