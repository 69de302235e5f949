-- A database's encoding and how it sorts; the columns of later versions by name, as earlier ones have not got them.
SELECT
    pg_encoding_to_char(encoding)::text                                    AS encoding,
    coalesce(to_jsonb(d) ->> 'datlocprovider', 'c')                        AS provider,
    datcollate::text                                                       AS collation,
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')  AS locale
FROM pg_database d
WHERE datname = :name
