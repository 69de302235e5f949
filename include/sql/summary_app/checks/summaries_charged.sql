-- Summaries completed this month (UTC) that no event counts. An event outlives its summary, never the other way round.
SELECT s.id
FROM "Summary" AS s
WHERE s."completedAt" >= date_trunc('month', now() AT TIME ZONE 'UTC')
  AND NOT EXISTS (SELECT FROM "UsageEvent" AS e
                  WHERE e."userId" = s."userId" AND e."videoId" = s."videoId" AND e.type = 'SUMMARY_CREATED')
