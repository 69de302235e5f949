-- title: what a user did, by type
-- model: UsageEvent
-- budget: 100ms
-- draw:
--   heavy: SELECT "userId" AS user_id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 20
--   light: SELECT "userId" AS user_id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*), 1 LIMIT 20
--   miss: SELECT 'nobody-' || n AS user_id FROM generate_series(1, 20) AS n
SELECT COUNT(*) AS "_count$_all", "public"."UsageEvent"."type"::text
FROM "public"."UsageEvent"
WHERE "public"."UsageEvent"."userId" = :user_id
GROUP BY "public"."UsageEvent"."type"
OFFSET 0
