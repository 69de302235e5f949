-- Takes back what migration.sql makes; the queries work without it, and slowly.
DROP INDEX CONCURRENTLY IF EXISTS "Summary_userId_createdAt_idx";
