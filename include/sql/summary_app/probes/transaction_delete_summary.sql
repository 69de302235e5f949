-- title: a summary is deleted, and with it its links, categories and tags
-- model: transactions
-- budget: 100ms
-- writes: true
-- draw:
--   heavy: >-
--     SELECT made."id" AS id, made."userId" AS user_id
--     FROM (SELECT "userId" FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 10) AS whose
--     CROSS JOIN LATERAL (SELECT "id", "userId" FROM "public"."Summary"
--     WHERE "userId" = whose."userId" ORDER BY "videoId" LIMIT 4) AS made
--     ORDER BY 1
--   shared: >-
--     SELECT DISTINCT "summaryId" AS id, "userId" AS user_id FROM "public"."ShareLink" ORDER BY 1, 2 LIMIT 20
SELECT "public"."Summary"."id", "public"."Summary"."userId", "public"."Summary"."videoId",
       "public"."Summary"."videoTitle", "public"."Summary"."channelName", "public"."Summary"."durationSeconds",
       "public"."Summary"."status"::text, "public"."Summary"."language", "public"."Summary"."content",
       "public"."Summary"."keyPoints", "public"."Summary"."timestamps", "public"."Summary"."quotes",
       "public"."Summary"."metadata", "public"."Summary"."topics", "public"."Summary"."confidence",
       "public"."Summary"."isFavorite", "public"."Summary"."errorMessage", "public"."Summary"."completedAt",
       "public"."Summary"."createdAt", "public"."Summary"."updatedAt"
FROM "public"."Summary"
WHERE ("public"."Summary"."id" = :id AND "public"."Summary"."userId" = :user_id AND 1 = 1)
LIMIT 1 OFFSET 0;

DELETE FROM "public"."Summary"
WHERE ("public"."Summary"."id" = :id AND 1 = 1)
RETURNING "public"."Summary"."id", "public"."Summary"."userId", "public"."Summary"."videoId",
          "public"."Summary"."videoTitle", "public"."Summary"."channelName", "public"."Summary"."durationSeconds",
          "public"."Summary"."status"::text, "public"."Summary"."language", "public"."Summary"."content",
          "public"."Summary"."keyPoints", "public"."Summary"."timestamps", "public"."Summary"."quotes",
          "public"."Summary"."metadata", "public"."Summary"."topics", "public"."Summary"."confidence",
          "public"."Summary"."isFavorite", "public"."Summary"."errorMessage", "public"."Summary"."completedAt",
          "public"."Summary"."createdAt", "public"."Summary"."updatedAt"
