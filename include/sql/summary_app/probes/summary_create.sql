-- title: somebody asks for the summary of a video
-- model: Summary
-- budget: 100ms
-- writes: true
-- draw:
--   heavy: >-
--     SELECT "userId" AS user_id, 'c' || left(md5('summary ' || "userId"), 24) AS id,
--     left(md5('video ' || "userId"), 11) AS video_id
--     FROM "public"."Summary" GROUP BY "userId" ORDER BY count(*) DESC, "userId" LIMIT 20
--   light: >-
--     SELECT "userId" AS user_id, 'c' || left(md5('summary ' || "userId"), 24) AS id,
--     left(md5('video ' || "userId"), 11) AS video_id
--     FROM "public"."Summary" GROUP BY "userId" ORDER BY count(*), "userId" LIMIT 20
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
          "public"."Summary"."createdAt", "public"."Summary"."updatedAt"
