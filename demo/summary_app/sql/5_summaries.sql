-- Summary, rows %(first)s to %(last)s of the spine, oldest first. Sentences are looked up one by one in subqueries:
-- that is twice as fast as through a function, and no planner makes a join of it.

INSERT INTO "Summary" ("id", "userId", "videoId", "videoTitle", "channelName", "durationSeconds", "status", "language",
                       "content", "keyPoints", "timestamps", "quotes", "metadata", "topics", "confidence", "isFavorite",
                       "errorMessage", "completedAt", "createdAt", "updatedAt")
WITH spine AS (
  SELECT *, pg_temp.video_id(video_no, video_key) AS video_id, status = 'COMPLETED' AS done,
         -- Three minutes to two hours, short ones being the most frequent.
         (180 * power(40, pg_temp.chance(video_key, 1)))::integer AS duration
  FROM sample_summary
  WHERE no BETWEEN %(first)s AND %(last)s
), sized AS (
  SELECT *, 6 + duration / 100 AS sentences, 3 + pg_temp.draw(key, 61, 5) AS points,
         4 + least(duration / 600, 8) AS marks, pg_temp.draw(key, 62, 4) AS quotations
  FROM spine
)
SELECT id, user_id, video_id,
       (SELECT phrase FROM sample_sentence WHERE no = pg_temp.draw(video_key, 2, 65536)),
       initcap(pg_temp.adjective(video_key, 3) COLLATE "C") || ' ' || initcap(pg_temp.noun(video_key, 4) COLLATE "C"),
       duration, status,
       pg_temp.pick('{en,en,en,en,en,en,en,de,es,fr}'::text[], video_key, 5),

       -- content: paragraphs of four sentences, every third under a heading
       CASE WHEN done THEN (
         SELECT string_agg(
                  CASE WHEN nth = 1 THEN ''
                       WHEN mod(nth, 12) = 1 THEN
                         E'\n\n## '
                         || (SELECT phrase FROM sample_sentence WHERE no = pg_temp.draw(key, 100 + nth, 65536))
                         || E'\n\n'
                       WHEN mod(nth, 4) = 1 THEN E'\n\n'
                       ELSE ' ' END
                  || (SELECT sentence FROM sample_sentence WHERE no = pg_temp.draw(key, 200 + nth, 65536)),
                  '' ORDER BY nth)
         FROM generate_series(1, sentences) AS nth) ELSE '' END,

       -- keyPoints
       CASE WHEN done THEN (
         SELECT jsonb_agg(jsonb_build_object(
                  'title', (SELECT phrase FROM sample_sentence WHERE no = pg_temp.draw(key, 400 + nth, 65536)),
                  'detail', (SELECT sentence FROM sample_sentence WHERE no = pg_temp.draw(key, 420 + nth, 65536)),
                  'importance', greatest(1, 6 - nth)) ORDER BY nth)
         FROM generate_series(1, points) AS nth) ELSE '[]' END,

       -- timestamps
       CASE WHEN done THEN (
         SELECT jsonb_agg(jsonb_build_object(
                  'seconds', duration * (nth - 1) / marks,
                  'label', (SELECT phrase FROM sample_sentence WHERE no = pg_temp.draw(key, 440 + nth, 65536)))
                ORDER BY nth)
         FROM generate_series(1, marks) AS nth) ELSE '[]' END,

       -- quotes
       CASE WHEN done AND quotations > 0 THEN (
         SELECT jsonb_agg(jsonb_build_object(
                  'text', (SELECT sentence FROM sample_sentence WHERE no = pg_temp.draw(key, 460 + nth, 65536)),
                  'speaker', pg_temp.pick('{Host,Guest,Narrator}'::text[], key, 480 + nth),
                  'seconds', duration * nth / (quotations + 1)) ORDER BY nth)
         FROM generate_series(1, quotations) AS nth) ELSE '[]' END,

       -- metadata
       jsonb_build_object(
         'model', pg_temp.pick('{small,small,medium,large}'::text[], key, 64),
         'promptVersion', pg_temp.draw(key, 63, 4) + 1,
         'tokens', jsonb_build_object('input', duration * 3 + pg_temp.draw(key, 65, 200),
                                      'output', CASE WHEN done THEN sentences * 20 + pg_temp.draw(key, 66, 100)
                                                     ELSE 0 END),
         'cost', round((duration * 3 + sentences * 100) / 1000000.0, 5),
         'source', jsonb_build_object('captions', pg_temp.pick('{manual,automatic,automatic}'::text[], video_key, 6),
                                      'views', (100 * power(20000, pg_temp.chance(video_key, 7)))::bigint)),

       CASE WHEN done THEN ARRAY[pg_temp.noun(key, 67), pg_temp.noun(key, 68), pg_temp.noun(key, 69)] ELSE '{}' END,
       CASE WHEN done THEN round((0.6 + 0.4 * pg_temp.chance(key, 70))::numeric, 3)::double precision END,
       done AND pg_temp.draw(key, 71, 9) = 0,
       CASE WHEN status = 'FAILED' THEN
         pg_temp.pick(
'{"The video has no captions.","The video is private.","The model did not answer in time."}'::text[],
                      key, 72) END,
       completed_at, created_at, updated_at
FROM sized
ORDER BY no;
