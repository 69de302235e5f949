-- What keeps a database from being renamed, and a rename would break.
SELECT 'slot' AS kind, slot_name::text AS name FROM pg_replication_slots WHERE database = :name AND slot_type = 'logical'
UNION ALL
SELECT 'subscription', subname::text FROM pg_subscription WHERE subdbid = :oid
UNION ALL
SELECT 'prepared', gid FROM pg_prepared_xacts WHERE database = :name
ORDER BY 1, 2
