-- How far a replica is behind, as far as it can know. receives: whether it is connected to its primary; one that is not
-- knows nothing of what has happened there since. behind_bytes: received, and not replayed yet. The age of the newest
-- change that it shows says nothing by itself: a primary at rest sends none.
SELECT EXISTS (SELECT FROM pg_stat_wal_receiver)                                              AS receives,
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint           AS behind_bytes,
       pg_last_xact_replay_timestamp()                                                        AS newest_change,
       greatest(0, extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()))::float8 AS age_seconds
