-- Users who made more summaries this month (UTC) than their limit allows. Only SUMMARY_CREATED counts.
SELECT u.id, count(*) AS made, u."monthlyLimit" AS allowed
FROM "UsageEvent" AS e
JOIN "User" AS u ON u.id = e."userId"
WHERE e.type = 'SUMMARY_CREATED'
  AND e."createdAt" >= date_trunc('month', now() AT TIME ZONE 'UTC')
GROUP BY u.id
HAVING count(*) > u."monthlyLimit"
