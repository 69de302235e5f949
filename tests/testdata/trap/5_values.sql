-- Rows that look like something else to whoever reads the COPY text, and rows that are large.
CREATE TABLE trap.evil_texts (v text);
INSERT INTO trap.evil_texts VALUES
    ('\.'), ('\\.'), (E'\n'), (E'\n\\.\n'), (E'\n\n\n'), (E'\\.\n\n\n'), ('\N'), ('\\N'), (NULL), (''), (' '), (E'\t'), (E'\r'), (E'\r\n'),
    (E'a\tb\nc\rd\\e\bf\fg\vh'), ('\x00'), ('\\x00'), ('\000'), ('\u0000'), (E'\\'), (E'\\\n'), (E'\x7f\x01\x1b[31m'),
    (E'\u0085'), (E'\u2028\u2029'), (E'\ufeff'), ('😀'), (U&'\+10FFFF'), ('e' || U&'\0301'), (U&'\202Eright to left'), ('end'), (E'last\n');
CREATE TABLE trap.evil_bytes (id int, v bytea);
INSERT INTO trap.evil_bytes SELECT n, decode(lpad(to_hex(n), 2, '0'), 'hex') FROM generate_series(0, 255) n;
INSERT INTO trap.evil_bytes VALUES (256, '\x5c2e0a0a0a'), (257, ''), (258, NULL);
CREATE TABLE trap.many_columns_evil (a text, b text, c text);
INSERT INTO trap.many_columns_evil SELECT x.v, y.v, x.v || y.v FROM trap.evil_texts x, trap.evil_texts y;

-- Larger than any buffer: 6 MB that hardly compress, 3 MB that do, in a row; and around the 256 KiB of our own buffers.
CREATE TABLE trap.wide_rows (id int, t text);
INSERT INTO trap.wide_rows
    SELECT -r, string_agg(encode(gen_random_bytes(1000), 'hex'), E'\n') FROM generate_series(1, 2) r, generate_series(1, 3000) GROUP BY r;
INSERT INTO trap.wide_rows VALUES (2, repeat(E'\\.\n', 1000000));
INSERT INTO trap.wide_rows SELECT 262144 + n, repeat('x', 262144 + n) FROM generate_series(-7, 3) n;

-- As many columns as PostgreSQL allows; more tables than pg_dump has workers.
DO $$ BEGIN
    EXECUTE (SELECT 'CREATE TABLE trap.wide (' || string_agg('"column ' || n || '" bool', ', ') || ')' FROM generate_series(1, 1600) n);
    INSERT INTO trap.wide ("column 1", "column 1600") VALUES (true, false), (NULL, true);
    FOR n IN 1..150 LOOP
        EXECUTE format('CREATE TABLE "trap odd"."many %s" AS SELECT i FROM generate_series(1, %s) i', n, n % 7);
    END LOOP;
END $$;

-- Many rows, small: several blocks of the compressor, and enough for a second part of an upload.
CREATE TABLE trap.events (id bigint PRIMARY KEY, at timestamptz, kind text, payload jsonb);
INSERT INTO trap.events
    SELECT n, timestamptz '2026-01-01 00:00+00' + n * interval '1 s', (ARRAY['a', E'b\nb', NULL])[n % 3 + 1],
        jsonb_build_object('n', n, 'hash', encode(digest(n::text, 'sha512'), 'hex'), 'text', E'line\nline\\')
    FROM generate_series(1, 60000) n;

-- Large objects: empty, sparse, larger than a page, owned, commented, and many.
SELECT lo_from_bytea(990001, '\x5c2e0a00ff');
SELECT lo_create(990002);
SELECT lo_put(990002, 3000000, 'the end');
SELECT lo_create(990003);
SELECT lo_from_bytea(990100 + n, convert_to(repeat('large object ' || n, n * 10), 'UTF8')) FROM generate_series(1, 120) n;
COMMENT ON LARGE OBJECT 990001 IS 'a ''large'' object';
ALTER LARGE OBJECT 990001 OWNER TO trap_owner;
GRANT SELECT ON LARGE OBJECT 990002 TO trap_reader;
