-- Who there is and when each made which summary: the spine that every row of the database hangs on. Nothing is stored
-- in the application's own tables yet, because a user's plan follows from what the user turns out to need.

-- The n-th heaviest user makes 1 / (n + a constant) as many summaries: one in a hundred makes about a quarter of all,
-- half make about ten or fewer, and one in twelve signed up and never came back.
CREATE TEMPORARY TABLE sample_user AS
WITH ranked AS (
  SELECT no, key, row_number() OVER (ORDER BY key, no) AS rank
  FROM (SELECT no, pg_temp.root(%(seed)s, 1, no) AS key FROM generate_series(1, %(users)s::bigint) AS no) AS keyed
), weighed AS (
  SELECT no, key, rank, 1 / (rank + %(users)s / 400.0)::double precision AS weight FROM ranked
), counted AS (
  SELECT no, key, rank,
         CASE WHEN rank > 3 AND pg_temp.draw(key, 2, 12) = 0 THEN 0
              ELSE greatest(1, floor(%(summaries)s * weight / (SELECT sum(weight ORDER BY rank) FROM weighed)
                                     + pg_temp.chance(key, 3)))::bigint END AS summaries
  FROM weighed
)
SELECT *, pg_temp.cuid(created_at, no, key) AS id
FROM (
  -- Within two years, at least an hour ago, and long enough for four hours a summary.
  SELECT no, key, rank, summaries,
         date_trunc('milliseconds', %(now)s::timestamp - greatest(interval '730 days' * pg_temp.chance(key, 4),
                                                                  interval '4 hours' * least(summaries, 4000),
                                                                  interval '1 hour')) AS created_at
  FROM counted
) AS dated;

-- videos is a power of two and at least as large as any user's share, so an odd stride meets no number twice.
-- One request in five is for one of the popular videos, which are the first numbers.
CREATE TEMPORARY TABLE sample_summary AS
WITH requested AS (
  SELECT u.no AS user_no, u.id AS user_id, u.rank, u.summaries, u.created_at AS user_created_at, nth,
         CASE WHEN mod(nth, 5) = 0
              THEN (pg_temp.draw(u.key, 5, %(popular)s) + (2 * pg_temp.draw(u.key, 6, %(popular)s) + 1) * (nth / 5))
                   & (%(popular)s - 1)
              ELSE ((pg_temp.draw(u.key, 7, %(videos)s) + (2 * pg_temp.draw(u.key, 8, %(videos)s) + 1) * nth)
                    & (%(videos)s - 1)) + %(popular)s
         END AS video_no,
         hashint8extended(nth, u.key) AS key
  FROM sample_user AS u, generate_series(1, u.summaries) AS nth
), dated AS (
  SELECT *, CASE
              -- The three heaviest users are online right now: something is pending, in work, and just finished.
              WHEN rank <= 3 AND nth = summaries THEN %(now)s::timestamp - rank * interval '7 minutes'
              ELSE date_trunc('milliseconds',
                              user_created_at + (%(now)s::timestamp - interval '30 minutes' - user_created_at)
                                                * ((nth - pg_temp.chance(key, 1)) / summaries))
            END AS created_at
  FROM requested
), judged AS (
  SELECT *, (CASE WHEN rank = 1 AND nth = summaries THEN 'PENDING'
                  WHEN rank = 2 AND nth = summaries THEN 'PROCESSING'
                  WHEN pg_temp.draw(key, 2, 40) = 0 THEN 'FAILED'
                  ELSE 'COMPLETED' END)::"SummaryStatus" AS status
  FROM dated
), numbered AS (
  SELECT *, row_number() OVER (ORDER BY created_at, user_no, nth) AS no,
         created_at + interval '1 millisecond' * (20000 + pg_temp.draw(key, 3, 120000)) AS done_at
  FROM judged
)
SELECT no, key, user_no, user_id, video_no, pg_temp.root(%(seed)s, 3, video_no) AS video_key, status, created_at,
       user_created_at,
       CASE WHEN status = 'COMPLETED' THEN done_at END AS completed_at,
       CASE status WHEN 'PENDING' THEN created_at
                   WHEN 'PROCESSING' THEN created_at + interval '1 minute'
                   -- One in five was touched again later: a favourite, a tag, a correction.
                   ELSE CASE WHEN pg_temp.draw(key, 4, 5) = 0
                             THEN done_at + (%(now)s::timestamp - done_at) * power(pg_temp.chance(key, 5), 3)
                             ELSE done_at END
       END AS updated_at,
       pg_temp.cuid(created_at, no, key) AS id
FROM numbered;

ALTER TABLE sample_summary ADD PRIMARY KEY (no);

CREATE FUNCTION pg_temp.video_id(video_no bigint, video_key bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT translate(rtrim(encode(decode(pg_temp.scatter(video_no) || lpad(to_hex(video_key & 4294967295), 8, '0'),
                                       'hex'), 'base64'), '='), '+/', '-_')
$$;

-- One finished summary in twelve is shared.
CREATE TEMPORARY TABLE sample_link AS
SELECT row_number() OVER (ORDER BY no) AS no, no AS summary_no,
       date_trunc('milliseconds', completed_at + (%(now)s::timestamp - completed_at)
                                                 * power(pg_temp.chance(key, 12), 2)) AS created_at,
       hashint8extended(key, 13) AS key
FROM sample_summary WHERE status = 'COMPLETED' AND pg_temp.draw(key, 11, 12) = 0;

-- Only finished summaries are charged. One in sixteen has been deleted since, which gives no quota back.
CREATE TEMPORARY TABLE sample_event AS
WITH charged AS (
  SELECT user_no, user_id, 'SUMMARY_CREATED' AS type, video_no, video_key, completed_at AS created_at,
         hashint8extended(key, 21) AS key
  FROM sample_summary WHERE status = 'COMPLETED'
  UNION ALL
  SELECT user_no, user_id, 'SUMMARY_CREATED', %(popular)s + %(videos)s + no,
         pg_temp.root(%(seed)s, 3, %(popular)s + %(videos)s + no),
         user_created_at + (created_at - user_created_at) * pg_temp.chance(key, 22), hashint8extended(key, 23)
  FROM sample_summary WHERE pg_temp.draw(key, 24, 16) = 0
  UNION ALL
  SELECT user_no, user_id, 'SUMMARY_REGENERATED', video_no, video_key,
         completed_at + (%(now)s::timestamp - completed_at) * power(pg_temp.chance(key, 25), 4),
         hashint8extended(key, 26)
  FROM sample_summary WHERE status = 'COMPLETED' AND pg_temp.draw(key, 27, 8) = 0
  UNION ALL
  SELECT user_no, user_id, 'SUMMARY_EXPORTED', video_no, video_key,
         completed_at + (%(now)s::timestamp - completed_at) * power(pg_temp.chance(key, 28 + nth), 2),
         hashint8extended(key, 30 + nth)
  FROM sample_summary, generate_series(1, 2) AS nth WHERE status = 'COMPLETED' AND pg_temp.draw(key, 40 + nth, 2) = 0
  UNION ALL
  SELECT user_no, user_id, 'LINK_SHARED', video_no, video_key, link.created_at, hashint8extended(link.key, 50)
  FROM sample_link AS link JOIN sample_summary AS summary ON summary.no = link.summary_no
)
SELECT row_number() OVER (ORDER BY created_at, user_no, type, video_no, key) AS no, user_no, user_id,
       type::"UsageType" AS type, video_no, video_key, created_at, key
FROM (SELECT user_no, user_id, type, video_no, video_key, date_trunc('milliseconds', created_at) AS created_at, key
      FROM charged) AS event;

ANALYZE sample_user, sample_summary, sample_link, sample_event;
