-- How old the oldest transaction id and multixact id of this database are, when vacuum would act by itself, and the
-- table that holds each back.
SELECT d.datname::text AS database, age(d.datfrozenxid)::bigint AS age, mxid_age(d.datminmxid)::bigint AS multixact_age,
       current_setting('autovacuum_freeze_max_age')::bigint AS freeze_at,
       current_setting('autovacuum_multixact_freeze_max_age')::bigint AS multixact_freeze_at,
       (SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relfrozenxid <> '0' ORDER BY age(c.relfrozenxid) DESC, c.oid LIMIT 1) AS oldest_table,
       (SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relminmxid <> '0' ORDER BY mxid_age(c.relminmxid) DESC, c.oid LIMIT 1) AS oldest_multixact_table
FROM pg_database d
WHERE d.datname = current_database()
