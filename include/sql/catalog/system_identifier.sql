-- Which cluster this is; some managed servers do not let everybody ask.
SELECT system_identifier::text FROM pg_control_system()
