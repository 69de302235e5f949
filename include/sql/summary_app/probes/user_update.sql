-- title: a user's settings are saved
-- model: User
-- budget: 100ms
-- writes: true
-- draw:
--   heavy: >-
--     SELECT "userId" AS id, 'Somebody Else' AS name
--     FROM "public"."Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 20
--   light: >-
--     SELECT "userId" AS id, 'Somebody Else' AS name
--     FROM "public"."Summary" GROUP BY 1 ORDER BY count(*), 1 LIMIT 20
UPDATE "public"."User"
SET "name" = :name, "preferences" = '{"theme": "dark", "language": "en", "emailDigest": true}',
    "updatedAt" = now() AT TIME ZONE 'UTC'
WHERE ("public"."User"."id" = :id AND 1 = 1)
RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."plan"::text,
          "public"."User"."monthlyLimit", "public"."User"."stripeCustomerId", "public"."User"."preferences",
          "public"."User"."lastSeenAt", "public"."User"."createdAt", "public"."User"."updatedAt"
