-- The version of its locale by which this database was built to sort, where the operating system has another one now.
-- Servers before 15 keep none.
-- Indexes know it as the collation pg_catalog.default, which has no version of its own.
SELECT '"default"'::regcollation::oid::bigint AS oid, NULL AS schema, NULL AS name, d.datcollversion AS recorded, a.version AS actual
FROM pg_database d, LATERAL pg_database_collation_actual_version(d.oid) AS a (version)
WHERE d.datname = current_database() AND d.datcollversion <> a.version
