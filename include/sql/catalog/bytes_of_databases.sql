-- What the databases take on the server's disk, but for one; those that our role may not ask about are not counted.
SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint AS bytes
FROM pg_database
WHERE has_database_privilege(oid, 'CONNECT') AND datname IS DISTINCT FROM cast(:without AS name)
