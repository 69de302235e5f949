-- Pseudo-random draws: pure functions of (seed, number, topic), so that neither the plan nor the order of rows matters.
-- hashint8extended is what hash partitioning stands on: its answers do not change between versions of PostgreSQL.
-- It folds its input to 32 bits, so two numbers may draw alike: whatever must be unique is unique by construction.

CREATE FUNCTION pg_temp.root(seed bigint, topic bigint, no bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT hashint8extended(hashint8extended(no, topic), seed)
$$;

-- 0 .. choices - 1
CREATE FUNCTION pg_temp.draw(key bigint, topic bigint, choices bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT mod(hashint8extended(key, topic) & 9223372036854775807, choices)::integer
$$;

-- 0 .. 1, 1 excluded
CREATE FUNCTION pg_temp.chance(key bigint, topic bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashint8extended(key, topic) & 4294967295)::double precision / 4294967296
$$;

CREATE FUNCTION pg_temp.pick(words text[], key bigint, topic bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT words[1 + pg_temp.draw(key, topic, cardinality(words))]
$$;

-- Eight hexadecimal digits that differ for every no below 2^32: an odd factor permutes the remainders.
CREATE FUNCTION pg_temp.scatter(no bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT lpad(to_hex(mod(no * 2654435761, 4294967296)), 8, '0')
$$;

-- Shaped like a cuid: c, milliseconds since 1970, a counter, noise; so ids ascend with time, as real ones do.
CREATE FUNCTION pg_temp.cuid(moment timestamp, no bigint, key bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'c' || lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 11, '0')
             || lpad(to_hex(no & 1048575), 5, '0')
             || lpad(to_hex(hashint8extended(key, 1) & 4294967295), 8, '0')
$$;
