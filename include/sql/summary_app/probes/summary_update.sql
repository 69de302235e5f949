-- title: a summary becomes a favourite
-- model: Summary
-- budget: 100ms
-- writes: true
-- draw:
--   heavy: >-
--     SELECT made."id" AS id
--     FROM (SELECT "userId" FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 10) AS whose
--     CROSS JOIN LATERAL (SELECT "id" FROM "public"."Summary"
--     WHERE "userId" = whose."userId" ORDER BY "videoId" LIMIT 4) AS made
--     ORDER BY 1
--   light: >-
--     SELECT made."id" AS id
--     FROM (SELECT "userId" FROM "public"."Summary" GROUP BY 1 ORDER BY count(*), 1 LIMIT 20) AS whose
--     CROSS JOIN LATERAL (SELECT "id" FROM "public"."Summary"
--     WHERE "userId" = whose."userId" ORDER BY "videoId" LIMIT 1) AS made
--     ORDER BY 1
UPDATE "public"."Summary"
SET "isFavorite" = true, "updatedAt" = now() AT TIME ZONE 'UTC'
WHERE ("public"."Summary"."id" = :id AND 1 = 1)
RETURNING "public"."Summary"."id", "public"."Summary"."userId", "public"."Summary"."videoId",
          "public"."Summary"."videoTitle", "public"."Summary"."channelName", "public"."Summary"."durationSeconds",
          "public"."Summary"."status"::text, "public"."Summary"."language", "public"."Summary"."content",
          "public"."Summary"."keyPoints", "public"."Summary"."timestamps", "public"."Summary"."quotes",
          "public"."Summary"."metadata", "public"."Summary"."topics", "public"."Summary"."confidence",
          "public"."Summary"."isFavorite", "public"."Summary"."errorMessage", "public"."Summary"."completedAt",
          "public"."Summary"."createdAt", "public"."Summary"."updatedAt"
