alter table pipeline_positions drop column incarnation;
