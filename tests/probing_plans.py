"""What tests of plans share: the reference application's operations that matter to them, and who asks for much."""

from __future__ import annotations

from typing import Any

import psycopg

from dbops.domain.probes import Drawn, Probe, Statement

# As the application's ORM writes them.
NEWEST = """
SELECT "t0"."id", "t0"."userId", "t0"."videoId", "t0"."videoTitle", "t0"."channelName", "t0"."durationSeconds",
       "t0"."status"::text, "t0"."language", "t0"."content", "t0"."keyPoints", "t0"."timestamps", "t0"."quotes",
       "t0"."metadata", "t0"."topics", "t0"."confidence", "t0"."isFavorite", "t0"."errorMessage", "t0"."completedAt",
       "t0"."createdAt", "t0"."updatedAt",
       "Summary_categories"."__prisma_data__" AS "categories", "Summary_tags"."__prisma_data__" AS "tags"
FROM "public"."Summary" AS "t0"
LEFT JOIN LATERAL (
    SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__"
    FROM (
        SELECT "t2"."__prisma_data__"
        FROM "public"."_CategoryToSummary" AS "t1"
        LEFT JOIN LATERAL (
            SELECT JSONB_BUILD_OBJECT('id', "t3"."id", 'name', "t3"."name", 'slug', "t3"."slug",
                                      'description', "t3"."description", 'color', "t3"."color",
                                      'createdAt', "t3"."createdAt") AS "__prisma_data__"
            FROM "public"."Category" AS "t3"
            WHERE "t3"."id" = "t1"."A"
        ) AS "t2" ON true
        WHERE "t1"."B" = "t0"."id"
    ) AS "t4"
) AS "Summary_categories" ON true
LEFT JOIN LATERAL (
    SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__"
    FROM (
        SELECT "t6"."__prisma_data__"
        FROM "public"."_SummaryToTag" AS "t5"
        LEFT JOIN LATERAL (
            SELECT JSONB_BUILD_OBJECT('id', "t7"."id", 'name', "t7"."name",
                                      'createdAt', "t7"."createdAt") AS "__prisma_data__"
            FROM "public"."Tag" AS "t7"
            WHERE "t7"."id" = "t5"."B"
        ) AS "t6" ON true
        WHERE "t5"."A" = "t0"."id"
    ) AS "t8"
) AS "Summary_tags" ON true
WHERE "t0"."userId" = %(user_id)s
ORDER BY "t0"."createdAt" DESC
LIMIT 20"""
THIS_MONTH = """
SELECT COUNT(*) AS "_count$_all"
FROM (
    SELECT "public"."UsageEvent"."id"
    FROM "public"."UsageEvent"
    WHERE ("public"."UsageEvent"."userId" = %(user_id)s
           AND "public"."UsageEvent"."type" = CAST('SUMMARY_CREATED' AS "public"."UsageType")
           AND "public"."UsageEvent"."createdAt" >= date_trunc('month', now() AT TIME ZONE 'UTC'))
    OFFSET 0
) AS sub"""
BY_TYPE = """
SELECT COUNT(*) AS "_count$_all", "public"."UsageEvent"."type"::text
FROM "public"."UsageEvent"
WHERE "public"."UsageEvent"."userId" = %(user_id)s
GROUP BY "public"."UsageEvent"."type"
OFFSET 0"""


def probe(name: str, *statements: str, writes: bool = False, budget_ms: float = 50.0) -> Probe:
    """A probe of these statements; parameters are those of the Drawn that it is explained with."""
    return Probe(
        name=name,
        title=name.replace("_", " "),
        model="Summary",
        budget_ms=budget_ms,
        statements=tuple(Statement(sql, line=number) for number, sql in enumerate(statements, 1)),
        writes=writes,
    )


LIST_NEWEST = probe("summary_list_newest", NEWEST)
COUNT_MONTH = probe("usage_event_count_this_month", THIS_MONTH)
GROUP_BY_TYPE = probe("usage_event_group_by_type", BY_TYPE)
WANTING = (LIST_NEWEST, COUNT_MONTH, GROUP_BY_TYPE)
"""Those that the two recommended indexes are for."""
REST = (
    probe("user_find_by_id", 'SELECT * FROM "User" WHERE id = %(user_id)s'),
    probe("user_find_by_email", 'SELECT * FROM "User" WHERE email = %(email)s'),
    probe("user_update", 'UPDATE "User" SET "lastSeenAt" = now() WHERE id = %(user_id)s', writes=True),
    probe(
        "summary_create",
        'INSERT INTO "Summary" (id, "userId", "videoId", "videoTitle", "channelName", "durationSeconds", "updatedAt") '
        "VALUES ('probe', %(user_id)s, 'probe', 'probe', 'probe', 1, now())",
        writes=True,
    ),
    probe(
        "summary_find_unique",
        'SELECT * FROM "Summary" WHERE "userId" = %(user_id)s AND "videoId" = %(video_id)s',
    ),
    probe("summary_update", 'UPDATE "Summary" SET "isFavorite" = true WHERE id = %(summary_id)s', writes=True),
    probe(
        "category_list_with_counts",
        'SELECT c.*, count(b."B") FROM "Category" c LEFT JOIN "_CategoryToSummary" b ON b."A" = c.id '
        "GROUP BY c.id ORDER BY c.name",
    ),
    probe(
        "tag_list_with_counts",
        'SELECT t.id, t.name, count(b."A") FROM "Tag" t LEFT JOIN "_SummaryToTag" b ON b."B" = t.id '
        "GROUP BY t.id ORDER BY count(*) DESC LIMIT 50",
    ),
    probe(
        "share_link_by_slug",
        'SELECT l.*, s."videoTitle" FROM "ShareLink" l JOIN "Summary" s ON s.id = l."summaryId" WHERE slug = %(slug)s',
    ),
    probe("summary_delete", 'DELETE FROM "Summary" WHERE id = %(summary_id)s', writes=True),
)


def heavy(url: str, place: int = 0) -> Drawn:
    """The parameters of the user who has most, or of the one at that place behind."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            'WITH u AS (SELECT "userId" AS id FROM "Summary" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET %s) '
            'SELECT u.id, (SELECT email FROM "User" WHERE id = u.id), min(s.id), min(s."videoId"), '
            '(SELECT min(slug) FROM "ShareLink") FROM u JOIN "Summary" s ON s."userId" = u.id GROUP BY u.id',
            (place,),
        ).fetchone()
    assert row
    values: dict[str, Any] = dict(zip(("user_id", "email", "summary_id", "video_id", "slug"), row, strict=True))
    return Drawn("heavy", values)
