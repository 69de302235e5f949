-- title: a user's newest summaries, with categories and tags
-- model: Summary
-- budget: 100ms
-- samples: 60
-- draw:
--   heavy: SELECT "userId" AS user_id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 20
--   light: SELECT "userId" AS user_id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*), 1 LIMIT 20
--   miss: SELECT 'nobody-' || n AS user_id FROM generate_series(1, 20) AS n
SELECT "t0"."id", "t0"."userId", "t0"."videoId", "t0"."videoTitle", "t0"."channelName", "t0"."durationSeconds",
       "t0"."status"::text, "t0"."language", "t0"."content", "t0"."keyPoints", "t0"."timestamps", "t0"."quotes",
       "t0"."metadata", "t0"."topics", "t0"."confidence", "t0"."isFavorite", "t0"."errorMessage", "t0"."completedAt",
       "t0"."createdAt", "t0"."updatedAt",
       "Summary_categories"."__prisma_data__" AS "categories", "Summary_tags"."__prisma_data__" AS "tags"
FROM "public"."Summary" AS "t0"
LEFT JOIN LATERAL (
    SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__"
    FROM (
        SELECT "t2"."__prisma_data__"
        FROM "public"."_CategoryToSummary" AS "t1"
        LEFT JOIN LATERAL (
            SELECT JSONB_BUILD_OBJECT('id', "t3"."id", 'name', "t3"."name", 'slug', "t3"."slug",
                                      'description', "t3"."description", 'color', "t3"."color",
                                      'createdAt', "t3"."createdAt") AS "__prisma_data__"
            FROM "public"."Category" AS "t3"
            WHERE "t3"."id" = "t1"."A"
        ) AS "t2" ON true
        WHERE "t1"."B" = "t0"."id"
    ) AS "t4"
) AS "Summary_categories" ON true
LEFT JOIN LATERAL (
    SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__"
    FROM (
        SELECT "t6"."__prisma_data__"
        FROM "public"."_SummaryToTag" AS "t5"
        LEFT JOIN LATERAL (
            SELECT JSONB_BUILD_OBJECT('id', "t7"."id", 'name', "t7"."name",
                                      'createdAt', "t7"."createdAt") AS "__prisma_data__"
            FROM "public"."Tag" AS "t7"
            WHERE "t7"."id" = "t5"."B"
        ) AS "t6" ON true
        WHERE "t5"."A" = "t0"."id"
    ) AS "t8"
) AS "Summary_tags" ON true
WHERE "t0"."userId" = :user_id
ORDER BY "t0"."createdAt" DESC
LIMIT 20
