-- Who follows this server, and how far behind; and this server itself where it follows another one. hidden: this role
-- may not see more than that it is there. What only keeps WAL replays nothing: then what it has written counts. A
-- server that receives nothing, as its primary cannot be reached, or it reads an archive, is as far behind as what it
-- has last replayed is old.
SELECT coalesce(r.application_name, '') AS name, coalesce(r.usename, '')::text AS role, coalesce(r.state, '') AS state,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       coalesce(r.replay_lsn, r.flush_lsn))::bigint AS behind_bytes,
       extract(epoch FROM r.replay_lag)::float8 AS behind_seconds, r.state IS NULL AS hidden
FROM pg_stat_replication r
WHERE coalesce(r.state, '') <> 'backup'
UNION ALL
SELECT 'this server', '', CASE WHEN w.receives THEN 'streaming' ELSE 'receives nothing' END,
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint,
       CASE WHEN w.receives AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END, false
FROM (SELECT EXISTS (SELECT FROM pg_stat_wal_receiver) AS receives) AS w
WHERE pg_is_in_recovery()
ORDER BY 1
