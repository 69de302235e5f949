-- Replication slots of the whole server, and the WAL in bytes that each keeps on its disk. Slots that a standby keeps
-- in step with its primary's are nobody's to use. Newer servers know since when nobody has used one.
SELECT s.slot_name::text AS name, s.slot_type::text AS type, s.active, coalesce(s.wal_status, '') AS wal_status,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       s.restart_lsn)::bigint AS retained_bytes,
       extract(epoch FROM clock_timestamp() - (to_jsonb(s) ->> 'inactive_since')::timestamptz)::float8
           AS inactive_seconds
FROM pg_replication_slots s
WHERE coalesce(to_jsonb(s) ->> 'synced', 'false') <> 'true'
ORDER BY retained_bytes DESC NULLS LAST, 1
