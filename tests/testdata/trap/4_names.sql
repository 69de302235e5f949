-- Names that somebody will forget to quote, cut or decode.
CREATE TABLE "trap odd"."with ""quotes"" and 'apostrophes'" ("a ""b""" int, "c'd" text, "%s %(x)s" text, "\." text, "\N" int);
INSERT INTO "trap odd"."with ""quotes"" and 'apostrophes'" VALUES (1, '1', '%', '\.', NULL), (2, '2', '%%', '\\.', 0);
CREATE TABLE "trap odd"."a.b.c/d\e *?[x]|$(id)`id`;--" AS SELECT n FROM generate_series(1, 3) n;
CREATE TABLE "trap odd"."new
line	tab" AS SELECT n AS "new
line" FROM generate_series(1, 4) n;
CREATE TABLE "trap odd"."Ünïcödé 表 😀" AS SELECT n AS "列" FROM generate_series(1, 5) n;
CREATE TABLE "trap odd"." " AS SELECT n AS " " FROM generate_series(1, 6) n;
CREATE TABLE "trap odd"."ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ is cut within 63 bytes" AS SELECT n FROM generate_series(1, 7) n;
CREATE TABLE "trap odd"."select" AS SELECT n AS "from" FROM generate_series(1, 8) n;
CREATE TABLE "trap odd"."SELECT" AS SELECT n AS "From" FROM generate_series(1, 9) n;
CREATE TABLE public."select" AS SELECT n AS "select" FROM generate_series(1, 10) n;
CREATE TABLE trap."toc.dat" AS SELECT n FROM generate_series(1, 2) n;
CREATE TABLE trap.made_later (v text);
CREATE TYPE "trap odd"."en""um" AS ENUM ('a "b"', 'c\d', '%');
CREATE TABLE "trap odd"."uses odd type" (e "trap odd"."en""um" DEFAULT 'c\d');
INSERT INTO "trap odd"."uses odd type" SELECT unnest(enum_range(NULL::"trap odd"."en""um"));
COMMENT ON TABLE "trap odd"."select" IS 'it''s a
\. comment; with % and "quotes" and 😀';
COMMENT ON COLUMN "trap odd"."new
line	tab"."new
line" IS E'\\N\t';
COMMENT ON SCHEMA "trap odd" IS 'odd, isn''t it';
COMMENT ON INDEX trap."expression & partial" IS 'an index';
COMMENT ON CONSTRAINT laid_by ON trap.chicken IS 'a constraint';
COMMENT ON TRIGGER always ON trap.parent IS 'a trigger';
COMMENT ON VIEW trap.happy IS 'a view';
COMMENT ON MATERIALIZED VIEW trap.totals IS 'a materialized view';
COMMENT ON SEQUENCE trap.free IS 'a sequence';
COMMENT ON STATISTICS trap.together IS 'statistics';
COMMENT ON RULE redirected ON trap.typed IS 'a rule';
COMMENT ON EVENT TRIGGER trap_notices IS 'an event trigger';
COMMENT ON PUBLICATION trap_some IS 'a publication';
COMMENT ON AGGREGATE trap.joined(text) IS 'an aggregate';
COMMENT ON CAST (int AS trap.shade) IS 'a cast';
COMMENT ON TEXT SEARCH CONFIGURATION trap.search IS 'a configuration';
COMMENT ON SERVER "far away" IS 'a server';
COMMENT ON COLLATION trap.plain IS 'a collation';
