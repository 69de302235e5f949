-- Takes back what migration.sql makes; the queries work without it, and slowly.
DROP INDEX CONCURRENTLY IF EXISTS "UsageEvent_userId_createdAt_idx";
