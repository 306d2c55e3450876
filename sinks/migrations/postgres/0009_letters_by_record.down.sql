-- Of several records at one place the one that was refused last stays, as it was before.
DELETE FROM dead_letters AS letter
USING dead_letters AS later
WHERE (later.pipeline, later.topic, later.partition, later."offset") = (letter.pipeline, letter.topic, letter.partition, letter."offset")
    AND (later.first_seen, later.id) > (letter.first_seen, letter.id);
ALTER TABLE dead_letters
    ADD CONSTRAINT dead_letters_pipeline_topic_partition_offset_key UNIQUE (pipeline, topic, partition, "offset");
