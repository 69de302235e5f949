-- What hangs on summaries: shelves, tags, links, charges, and the progress of what was requested today.

INSERT INTO "_CategoryToSummary" ("A", "B")
SELECT category.id, summary.id
FROM (SELECT DISTINCT id, s.no, 1 + pg_temp.draw(video_key, 80 + nth, 20) AS category_no
      FROM sample_summary AS s, generate_series(1, 2) AS nth
      WHERE status = 'COMPLETED' AND (nth = 1 OR pg_temp.draw(key, 82, 4) = 0)) AS summary
JOIN sample_category AS category ON category.no = category_no
ORDER BY summary.no, category_no;

-- The cube makes a few tags popular and leaves many with a handful of summaries.
INSERT INTO "_SummaryToTag" ("A", "B")
SELECT summary.id, tag.id
FROM (SELECT DISTINCT id, s.no, floor(%(tags)s * power(pg_temp.chance(key, 83 + nth), 3))::bigint AS tag_no
      FROM sample_summary AS s, generate_series(1, 4) AS nth
      WHERE status = 'COMPLETED' AND nth <= pg_temp.draw(key, 83, 5)) AS summary
JOIN sample_tag AS tag ON tag.no = tag_no
ORDER BY summary.no, tag_no;

INSERT INTO "ShareLink" ("id", "slug", "summaryId", "userId", "viewCount", "expiresAt", "createdAt")
SELECT pg_temp.cuid(link.created_at, link.no, link.key),
       pg_temp.scatter(link.no) || lpad(to_hex(pg_temp.draw(link.key, 2, 256)), 2, '0'),
       summary.id, user_id, floor(power(1000, pg_temp.chance(link.key, 3)) - 1)::integer,
       CASE WHEN pg_temp.draw(link.key, 4, 5) < 2
            THEN link.created_at + interval '7 days' * (1 + pg_temp.draw(link.key, 5, 8)) END,
       link.created_at
FROM sample_link AS link
JOIN sample_summary AS summary ON summary.no = link.summary_no
ORDER BY link.no;

INSERT INTO "UsageEvent" ("id", "userId", "type", "videoId", "requestId", "tokens", "metadata", "createdAt")
SELECT pg_temp.cuid(event.created_at, event.no, event.key), user_id, type, pg_temp.video_id(video_no, video_key),
       'req_' || pg_temp.scatter(event.no) || lpad(to_hex(pg_temp.draw(event.key, 2, 65536)), 4, '0'),
       CASE WHEN type IN ('SUMMARY_CREATED', 'SUMMARY_REGENERATED') THEN 600 + pg_temp.draw(event.key, 3, 20000)
            ELSE 0 END,
       jsonb_build_object('client', pg_temp.pick('{web,web,web,extension,api}'::text[], event.key, 4)),
       event.created_at
FROM sample_event AS event
ORDER BY event.no;

INSERT INTO "Progress" ("id", "userId", "videoId", "status", "percent", "step", "expiresAt", "createdAt", "updatedAt")
SELECT pg_temp.cuid(summary.created_at, summary.no, hashint8extended(summary.key, 90)), user_id,
       pg_temp.video_id(video_no, video_key), status,
       CASE status WHEN 'PENDING' THEN 0 WHEN 'COMPLETED' THEN 100 ELSE 10 + pg_temp.draw(summary.key, 91, 80) END,
       CASE status WHEN 'PENDING' THEN 'waiting' WHEN 'PROCESSING' THEN 'reading captions' WHEN 'COMPLETED' THEN 'done'
                   ELSE 'stopped' END,
       summary.created_at + interval '1 day', summary.created_at,
       least(summary.updated_at, coalesce(completed_at, summary.updated_at))
FROM sample_summary AS summary
WHERE summary.created_at > %(now)s::timestamp - interval '1 day'
ORDER BY summary.no;
