-- title: a user by id, as every request with a session does
-- model: User
-- budget: 50ms
-- draw:
--   heavy: SELECT "userId" AS id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 20
--   light: SELECT "userId" AS id FROM "public"."Summary" GROUP BY 1 ORDER BY count(*), 1 LIMIT 20
--   miss: SELECT 'nobody-' || n AS id FROM generate_series(1, 20) AS n
SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."plan"::text,
       "public"."User"."monthlyLimit", "public"."User"."stripeCustomerId", "public"."User"."preferences",
       "public"."User"."lastSeenAt", "public"."User"."createdAt", "public"."User"."updatedAt"
FROM "public"."User"
WHERE ("public"."User"."id" = :id AND 1 = 1)
LIMIT 1 OFFSET 0
