-- What the planner knows of each column that our role may read: how many values it has (below 0: as a share of the
-- rows), the share of the rows that have the most common one (NULL: none stands out), and how many bytes one takes.
SELECT s.schemaname::text AS schema, s.tablename::text AS name, s.attname::text AS column,
       s.n_distinct::double precision AS n_distinct,
       s.most_common_freqs[1]::double precision AS most_common,
       s.avg_width AS width
FROM pg_stats s
WHERE NOT s.inherited
  AND s.schemaname <> 'information_schema' AND s.schemaname !~ '^pg_'
ORDER BY s.schemaname, s.tablename, s.attname
