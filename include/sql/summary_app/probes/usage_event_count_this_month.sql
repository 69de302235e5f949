-- title: how much of the monthly limit a user has used
-- model: UsageEvent
-- budget: 100ms
-- draw:
--   heavy: SELECT "userId" AS user_id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 20
--   light: SELECT "userId" AS user_id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*), 1 LIMIT 20
--   miss: SELECT 'nobody-' || n AS user_id FROM generate_series(1, 20) AS n
SELECT COUNT(*) AS "_count$_all"
FROM (
    SELECT "public"."UsageEvent"."id"
    FROM "public"."UsageEvent"
    WHERE ("public"."UsageEvent"."userId" = :user_id
           AND "public"."UsageEvent"."type" = CAST('SUMMARY_CREATED' AS "public"."UsageType")
           AND "public"."UsageEvent"."createdAt" >= date_trunc('month', now() AT TIME ZONE 'UTC'))
    OFFSET 0
) AS "sub"
