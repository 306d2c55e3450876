-- A topic, partition and offset name one record only of one broker, and until the topic is made anew: after a move to another broker, the
-- record there would take the row of another, whose bytes would be gone. The id tells them apart, it is made of key and value too.
ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_pipeline_topic_partition_offset_key;
