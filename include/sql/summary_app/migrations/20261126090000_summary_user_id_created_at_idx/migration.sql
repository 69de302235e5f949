-- A user's newest summaries, which every page asks for: without it each visit reads and sorts all of the user's rows.
CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx" ON "Summary" ("userId", "createdAt" DESC);
