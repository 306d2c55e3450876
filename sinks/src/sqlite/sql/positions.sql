-- How far a segment's partitions are resolved. ?1: the pipeline; ?2: the segment.
select broker, topic, partition, "offset", incarnation from pipeline_positions
where pipeline = ?1 and segment = ?2 order by broker, topic, partition
