-- title: what a user did is written down
-- model: UsageEvent
-- budget: 100ms
-- writes: true
-- draw:
--   heavy: >-
--     SELECT "userId" AS user_id, 'SUMMARY_CREATED' AS type, 'c' || left(md5('event ' || "userId"), 24) AS id,
--     left(md5('video ' || "userId"), 11) AS video_id, 'probe-' || md5('request ' || "userId") AS request_id
--     FROM "public"."Summary" GROUP BY "userId" ORDER BY count(*) DESC, "userId" LIMIT 20
--   light: >-
--     SELECT "userId" AS user_id, 'LINK_SHARED' AS type, 'c' || left(md5('event ' || "userId"), 24) AS id,
--     left(md5('video ' || "userId"), 11) AS video_id, 'probe-' || md5('request ' || "userId") AS request_id
--     FROM "public"."Summary" GROUP BY "userId" ORDER BY count(*), "userId" LIMIT 20
INSERT INTO "public"."UsageEvent"
    ("id", "userId", "type", "videoId", "requestId", "tokens", "metadata", "createdAt")
VALUES
    (:id, :user_id, CAST(:type AS "public"."UsageType"), :video_id, :request_id, 1200,
     '{"client": "web"}', now() AT TIME ZONE 'UTC')
RETURNING "public"."UsageEvent"."id", "public"."UsageEvent"."userId", "public"."UsageEvent"."type"::text,
          "public"."UsageEvent"."videoId", "public"."UsageEvent"."requestId", "public"."UsageEvent"."tokens",
          "public"."UsageEvent"."metadata", "public"."UsageEvent"."createdAt"
