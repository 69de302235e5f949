-- title: a user by e-mail address, as whoever signs in
-- model: User
-- budget: 50ms
-- draw:
--   known: SELECT "email" AS email FROM "public"."User" ORDER BY md5("id") LIMIT 40
--   miss: SELECT 'nobody.' || n || '@example.com' AS email FROM generate_series(1, 20) AS n
SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."plan"::text,
       "public"."User"."monthlyLimit", "public"."User"."stripeCustomerId", "public"."User"."preferences",
       "public"."User"."lastSeenAt", "public"."User"."createdAt", "public"."User"."updatedAt"
FROM "public"."User"
WHERE ("public"."User"."email" = :email AND 1 = 1)
LIMIT 1 OFFSET 0
