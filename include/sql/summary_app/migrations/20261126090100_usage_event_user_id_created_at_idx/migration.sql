-- A user's events of this month, counted before each summary: without it each count reads all of the user's events.
CREATE INDEX CONCURRENTLY "UsageEvent_userId_createdAt_idx" ON "UsageEvent" ("userId", "createdAt" DESC);
