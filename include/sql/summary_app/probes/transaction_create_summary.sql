-- title: a summary is made, charged and put on its shelf, in one transaction
-- model: transactions
-- budget: 200ms
-- writes: true
-- draw:
--   heavy: >-
--     SELECT "userId" AS user_id, 'c' || left(md5('summary ' || "userId"), 24) AS id,
--     left(md5('video ' || "userId"), 11) AS video_id,
--     'c' || left(md5('event ' || "userId"), 24) AS event_id, 'probe-' || md5('request ' || "userId") AS request_id,
--     (SELECT min("id") FROM "public"."Category") AS category_id
--     FROM "public"."Summary" GROUP BY "userId" ORDER BY count(*) DESC, "userId" LIMIT 20
--   light: >-
--     SELECT "userId" AS user_id, 'c' || left(md5('summary ' || "userId"), 24) AS id,
--     left(md5('video ' || "userId"), 11) AS video_id,
--     'c' || left(md5('event ' || "userId"), 24) AS event_id, 'probe-' || md5('request ' || "userId") AS request_id,
--     (SELECT min("id") FROM "public"."Category") AS category_id
--     FROM "public"."Summary" GROUP BY "userId" ORDER BY count(*), "userId" LIMIT 20
SELECT COUNT(*) AS "_count$_all"
FROM (
    SELECT "public"."UsageEvent"."id"
    FROM "public"."UsageEvent"
    WHERE ("public"."UsageEvent"."userId" = :user_id
           AND "public"."UsageEvent"."type" = CAST('SUMMARY_CREATED' AS "public"."UsageType")
           AND "public"."UsageEvent"."createdAt" >= date_trunc('month', now() AT TIME ZONE 'UTC'))
    OFFSET 0
) AS "sub";

INSERT INTO "public"."Summary"
    ("id", "userId", "videoId", "videoTitle", "channelName", "durationSeconds", "status", "language", "content",
     "keyPoints", "timestamps", "quotes", "metadata", "topics", "isFavorite", "createdAt", "updatedAt")
VALUES
    (:id, :user_id, :video_id, 'How a probe works', 'Probes', 600,
     CAST('PENDING' AS "public"."SummaryStatus"), 'en', '', '[]', '[]', '[]', '{}', ARRAY[]::text[], false,
     now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
RETURNING "public"."Summary"."id", "public"."Summary"."userId", "public"."Summary"."videoId",
          "public"."Summary"."videoTitle", "public"."Summary"."channelName", "public"."Summary"."durationSeconds",
          "public"."Summary"."status"::text, "public"."Summary"."language", "public"."Summary"."content",
          "public"."Summary"."keyPoints", "public"."Summary"."timestamps", "public"."Summary"."quotes",
          "public"."Summary"."metadata", "public"."Summary"."topics", "public"."Summary"."confidence",
          "public"."Summary"."isFavorite", "public"."Summary"."errorMessage", "public"."Summary"."completedAt",
          "public"."Summary"."createdAt", "public"."Summary"."updatedAt";

INSERT INTO "public"."UsageEvent"
    ("id", "userId", "type", "videoId", "requestId", "tokens", "metadata", "createdAt")
VALUES
    (:event_id, :user_id, CAST('SUMMARY_CREATED' AS "public"."UsageType"), :video_id, :request_id, 1200,
     '{"client": "web"}', now() AT TIME ZONE 'UTC')
RETURNING "public"."UsageEvent"."id", "public"."UsageEvent"."userId", "public"."UsageEvent"."type"::text,
          "public"."UsageEvent"."videoId", "public"."UsageEvent"."requestId", "public"."UsageEvent"."tokens",
          "public"."UsageEvent"."metadata", "public"."UsageEvent"."createdAt";

INSERT INTO "public"."_CategoryToSummary" ("A", "B")
VALUES (:category_id, :id)
ON CONFLICT DO NOTHING
