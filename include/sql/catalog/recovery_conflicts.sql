-- How many sessions in this database a replica has ended, since it counts, to go on replaying what its primary did.
SELECT confl_snapshot                                       AS rows,
       confl_lock                                           AS locks,
       confl_tablespace + confl_bufferpin + confl_deadlock  AS others
FROM pg_stat_database_conflicts
WHERE datname = current_database()
