alter table critical_changes drop column correlation_id;
