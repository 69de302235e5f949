-- Whether this server can compress large values with lz4: it was built with it, and is PostgreSQL 14 or newer.
SELECT coalesce(bool_or('lz4' = ANY (enumvals)), false) AS has_lz4
FROM pg_settings
WHERE name = 'default_toast_compression'
