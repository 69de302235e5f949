-- Links to summaries of somebody else, or that are not finished, or that were made before their summary was.
SELECT l.id
FROM "ShareLink" AS l
JOIN "Summary" AS s ON s.id = l."summaryId"
WHERE l."userId" <> s."userId" OR s.status <> 'COMPLETED' OR l."createdAt" < s."completedAt"
