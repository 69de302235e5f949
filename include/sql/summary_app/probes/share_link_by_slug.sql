-- title: whoever has the link reads the summary
-- model: ShareLink
-- budget: 50ms
-- draw:
--   known: SELECT "slug" AS slug FROM "public"."ShareLink" ORDER BY 1 LIMIT 40
--   miss: SELECT 'no-link-' || n AS slug FROM generate_series(1, 20) AS n
SELECT "t0"."id", "t0"."slug", "t0"."summaryId", "t0"."userId", "t0"."viewCount", "t0"."expiresAt", "t0"."createdAt",
       "ShareLink_summary"."__prisma_data__" AS "summary"
FROM "public"."ShareLink" AS "t0"
LEFT JOIN LATERAL (
    SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'userId', "t1"."userId", 'videoId', "t1"."videoId",
                              'videoTitle', "t1"."videoTitle", 'channelName', "t1"."channelName",
                              'durationSeconds', "t1"."durationSeconds", 'status', "t1"."status",
                              'language', "t1"."language", 'content', "t1"."content", 'keyPoints', "t1"."keyPoints",
                              'timestamps', "t1"."timestamps", 'quotes', "t1"."quotes", 'metadata', "t1"."metadata",
                              'topics', "t1"."topics", 'confidence', "t1"."confidence",
                              'isFavorite', "t1"."isFavorite", 'errorMessage', "t1"."errorMessage",
                              'completedAt', "t1"."completedAt", 'createdAt', "t1"."createdAt",
                              'updatedAt', "t1"."updatedAt") AS "__prisma_data__"
    FROM "public"."Summary" AS "t1"
    WHERE "t0"."summaryId" = "t1"."id"
    LIMIT 1
) AS "ShareLink_summary" ON true
WHERE ("t0"."slug" = :slug AND 1 = 1)
LIMIT 1
