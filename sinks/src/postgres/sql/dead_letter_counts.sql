-- How many dead letters of a pipeline there are, by reason. The filters are those of dead_letters.sql. Locks nothing.
SELECT reason::text AS reason, count(*) AS number
FROM dead_letters
WHERE pipeline = $1
    AND ($2::dead_letter_reason IS NULL OR reason = $2::dead_letter_reason)
    AND ($3::text IS NULL OR stage = $3)
    AND ($4::text IS NULL OR topic = $4)
    AND ($5::timestamptz IS NULL OR first_seen >= $5)
    AND ($6::timestamptz IS NULL OR first_seen < $6)
    AND ($7::uuid IS NULL OR id BETWEEN $7 AND $8)
GROUP BY reason
