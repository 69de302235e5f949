-- title: has this user a summary of this video already?
-- model: Summary
-- budget: 50ms
-- draw:
--   heavy: >-
--     SELECT made."userId" AS user_id, made."videoId" AS video_id
--     FROM (SELECT "userId" FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 10) AS whose
--     CROSS JOIN LATERAL (SELECT "userId", "videoId" FROM "public"."Summary"
--     WHERE "userId" = whose."userId" ORDER BY "videoId" LIMIT 4) AS made
--     ORDER BY 1, 2
--   light: >-
--     SELECT made."userId" AS user_id, made."videoId" AS video_id
--     FROM (SELECT "userId" FROM "public"."Summary" GROUP BY 1 ORDER BY count(*), 1 LIMIT 20) AS whose
--     CROSS JOIN LATERAL (SELECT "userId", "videoId" FROM "public"."Summary"
--     WHERE "userId" = whose."userId" ORDER BY "videoId" LIMIT 1) AS made
--     ORDER BY 1, 2
--   miss: >-
--     SELECT "userId" AS user_id, left(md5('video ' || "userId"), 11) AS video_id
--     FROM "public"."Summary" GROUP BY "userId" ORDER BY count(*) DESC, "userId" LIMIT 20
SELECT "public"."Summary"."id", "public"."Summary"."userId", "public"."Summary"."videoId",
       "public"."Summary"."videoTitle", "public"."Summary"."channelName", "public"."Summary"."durationSeconds",
       "public"."Summary"."status"::text, "public"."Summary"."language", "public"."Summary"."content",
       "public"."Summary"."keyPoints", "public"."Summary"."timestamps", "public"."Summary"."quotes",
       "public"."Summary"."metadata", "public"."Summary"."topics", "public"."Summary"."confidence",
       "public"."Summary"."isFavorite", "public"."Summary"."errorMessage", "public"."Summary"."completedAt",
       "public"."Summary"."createdAt", "public"."Summary"."updatedAt"
FROM "public"."Summary"
WHERE ("public"."Summary"."userId" = :user_id AND "public"."Summary"."videoId" = :video_id AND 1 = 1)
LIMIT 1 OFFSET 0
