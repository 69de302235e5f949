-- Blocks of this database that were found in shared_buffers and those that were not, and the size of both, in bytes.
SELECT s.blks_hit AS hits, s.blks_read AS reads,
       pg_size_bytes(current_setting('shared_buffers')) AS buffer_bytes,
       pg_database_size(s.datid) AS database_bytes
FROM pg_stat_database s
WHERE s.datname = current_database()
