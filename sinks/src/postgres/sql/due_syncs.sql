-- Takes customers whose timers are due, the longest due first, until $3: workers that look at the same time get others. What becomes of
-- them is decided by versions when they are written; a worker that dies leaves them to another after that time.
--
-- Locks the rows that it takes, and passes those that somebody holds.
--
-- $1 now, $2 at most so many, $3 until when they are taken.
UPDATE sync_states
SET taken_until = $3
WHERE customer_id IN (
    SELECT customer_id
    FROM sync_states
    WHERE due <= $1 AND (taken_until IS NULL OR taken_until <= $1)
    ORDER BY due
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
RETURNING customer_id
