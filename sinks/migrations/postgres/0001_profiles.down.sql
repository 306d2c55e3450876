DROP TABLE {table};
DROP TYPE customer_type, compliance_rating, risk_level, priority, admin_status, sync_status;
