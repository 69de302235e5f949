-- Extensions, schemas, and every kind of type.
CREATE SCHEMA trap;
CREATE SCHEMA "trap odd" AUTHORIZATION trap_owner;
CREATE SCHEMA ext;
COMMENT ON SCHEMA public IS 'not the standard comment';

CREATE EXTENSION pgcrypto;
CREATE EXTENSION pg_trgm WITH SCHEMA ext;
CREATE EXTENSION hstore WITH SCHEMA ext;
CREATE EXTENSION citext WITH SCHEMA ext;
CREATE EXTENSION ltree;
CREATE EXTENSION btree_gist;
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION unaccent;
COMMENT ON EXTENSION hstore IS 'pairs, in a schema of their own';

CREATE TYPE trap.mood AS ENUM ('sad', 'it''s ok', 'happy 😀', '');
ALTER TYPE trap.mood ADD VALUE 'furious' BEFORE 'sad';
COMMENT ON TYPE trap.mood IS 'how it feels';

CREATE DOMAIN trap.percentage AS numeric(5, 2) DEFAULT 50 NOT NULL CONSTRAINT "0 to 100" CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN trap.evens AS trap.percentage;
ALTER DOMAIN trap.evens ADD CONSTRAINT even CHECK (VALUE % 2 = 0) NOT VALID;
CREATE DOMAIN trap.email AS ext.citext CHECK (VALUE ~ '^[^@]+@[^@]+$');
COMMENT ON CONSTRAINT "0 to 100" ON DOMAIN trap.percentage IS 'a share';

CREATE TYPE trap.address AS (street text COLLATE "C", "house no." int, tags text[]);
CREATE TYPE trap.person AS (name text, home trap.address, moods trap.mood[], share trap.percentage);
ALTER TYPE trap.person ADD ATTRIBUTE born date;
ALTER TYPE trap.address DROP ATTRIBUTE tags;

CREATE TYPE trap.version_range AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = trap.version_ranges);

CREATE COLLATION trap.plain (provider = libc, locale = 'C');
CREATE COLLATION trap.unicode_plain (provider = builtin, locale = 'C.UTF-8');

-- A type of one's own, down to its input and output functions.
CREATE TYPE trap.shade;
CREATE FUNCTION trap.shade_in(cstring) RETURNS trap.shade LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION trap.shade_out(trap.shade) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE trap.shade (INPUT = trap.shade_in, OUTPUT = trap.shade_out, LIKE = int4);
CREATE CAST (int AS trap.shade) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (trap.shade AS int) WITHOUT FUNCTION AS IMPLICIT;
CREATE FUNCTION trap.lighter(trap.shade, trap.shade) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::int < $2::int';
CREATE FUNCTION trap.darker(trap.shade, trap.shade) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::int > $2::int';
CREATE OPERATOR trap.<<< (LEFTARG = trap.shade, RIGHTARG = trap.shade, FUNCTION = trap.lighter, COMMUTATOR = OPERATOR(trap.>>>));
CREATE OPERATOR trap.>>> (LEFTARG = trap.shade, RIGHTARG = trap.shade, FUNCTION = trap.darker, COMMUTATOR = OPERATOR(trap.<<<));
CREATE FUNCTION trap.shade_order(trap.shade, trap.shade) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE OPERATOR FAMILY trap.shades USING btree;
CREATE OPERATOR CLASS trap.by_shade DEFAULT FOR TYPE trap.shade USING btree FAMILY trap.shades
    AS OPERATOR 1 trap.<<<, OPERATOR 5 trap.>>>, FUNCTION 1 trap.shade_order(trap.shade, trap.shade);
COMMENT ON OPERATOR trap.<<< (trap.shade, trap.shade) IS 'is lighter than';

CREATE AGGREGATE trap.joined(text) (SFUNC = textcat, STYPE = text, INITCOND = '\');
CREATE AGGREGATE trap.middle(float8 ORDER BY float8) (
    SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA
);

CREATE TEXT SEARCH DICTIONARY trap.words (TEMPLATE = simple, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION trap.search (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION trap.search ALTER MAPPING FOR word, asciiword WITH unaccent, trap.words;

CREATE TABLE trap.of_all_types (
    id int PRIMARY KEY,
    mood trap.mood, moods trap.mood[], share trap.percentage, even trap.evens, email trap.email,
    person trap.person, people trap.person[], range trap.version_range, ranges trap.version_ranges, shade trap.shade,
    f4 float4, f8 float8, n numeric, money money, t time, ttz timetz, ts timestamp(3), tstz timestamptz, d date, i interval,
    bits bit varying(70), fixed char(7), name name, uuid uuid, inet inet, cidr cidr, mac macaddr8,
    point point, polygon polygon, json json, jsonb jsonb, path jsonpath, xml xml, search tsvector, query tsquery,
    pairs ext.hstore, tree ltree, spans tstzmultirange, numbers int[], texts text[], bytes bytea, lsn pg_lsn, relation regclass
);
INSERT INTO trap.of_all_types VALUES
    (1, 'happy 😀', '{furious,"",NULL,"it''s ok"}', 99.99, 2, 'A@b', ROW('O''Neil, "the \ one"', ROW('a,b(c)"', 1), '{sad}', 1, '2000-02-29'),
     ARRAY[ROW(NULL, NULL, NULL, 3, NULL), ROW('', ROW('', NULL), '{}', 4, 'infinity')]::trap.person[], '[1.5,)', '{[1,2),[3,4)}', 3,
     'NaN', '-Infinity', 'NaN', -0.01, '24:00', '23:59:60+15:59', '4713-01-01 00:00:00.001 BC', 'infinity', '-infinity', '-178000000 years 1 mon -1 day 00:00:00.000001',
     B'1010', 'a', 'n', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::ffff:1.2.3.4/128', '10.0.0.0/8', '08:00:2b:01:02:03:04:05',
     '(1e-300,-0)', '((0,0),(1,1),(1,0))', ' {"b": 1, "a" : "\u00e9\\u0000", "b":2 }', '{"k\"ey": "tab\there, nl\nthere, back\\slash, emoji 😀", "n": 1e400, "e": {}}',
     '$.a[*] ? (@.b > 1)', '<a b="&lt;">x</a>', '''a b'':1A ''c\\d'':2', '''x'' & !''y z'':*', '"a\"b"=>"c\\d", n=>NULL', 'Top.Science_1',
     '{[2020-01-01 00:00+00,2020-02-01 00:00+00)}', '[2:3][0:1]={{1,NULL},{3,4}}', '{"\\.","\\N",NULL,"NULL","","{}",",","\""}', '\x00ff5c0a0d09', '16/B374D848', 'trap.of_all_types'),
    (2, NULL, NULL, 0, 0, NULL, NULL, '{}', 'empty', '{}', NULL,
     1.17549435e-38, 4.9e-324, 12345678901234567890.123456789012345678900, 92233720368547758.07, '00:00', '00:00-15:59', NULL, '294276-12-31 23:59:59.999999+00', '5874897-12-31', '0',
     B'', '', '', NULL, NULL, NULL, NULL, NULL, NULL, 'null', 'null', 'strict $', '', '', '', '', '', '{}', '{}', '{}', '', '0/0', NULL);
INSERT INTO trap.of_all_types (id, share, even) VALUES (3, 1, 4);
