-- The tables in which rows were changed or deleted, as far as the server counts: a load only adds some.
SELECT
    schemaname::text         AS schema,
    relname::text            AS name,
    n_tup_upd + n_tup_del    AS rows
FROM pg_stat_user_tables
WHERE n_tup_upd + n_tup_del > 0
ORDER BY 3 DESC, 1, 2
