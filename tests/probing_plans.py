"""What tests of plans share: the reference application's operations that matter to them, and who asks for much."""

from __future__ import annotations

from typing import Any

import psycopg

from dbops.domain.probes import Drawn, Probe, Statement

NEWEST = """
SELECT s.id, s."videoTitle", s.status, s."createdAt", s."keyPoints",
       (SELECT array_agg(c.name ORDER BY c.name) FROM "_CategoryToSummary" b JOIN "Category" c ON c.id = b."A"
        WHERE b."B" = s.id) AS categories,
       (SELECT array_agg(t.name ORDER BY t.name) FROM "_SummaryToTag" b JOIN "Tag" t ON t.id = b."B"
        WHERE b."A" = s.id) AS tags
FROM "Summary" s WHERE s."userId" = %(user_id)s ORDER BY s."createdAt" DESC LIMIT 20"""
NEWEST_JOINED = """
SELECT s.*, c.names, t.names
FROM "Summary" s
LEFT JOIN LATERAL (SELECT array_agg(c.name) AS names FROM "_CategoryToSummary" b JOIN "Category" c ON c.id = b."A"
                   WHERE b."B" = s.id) c ON true
LEFT JOIN LATERAL (SELECT array_agg(t.name) AS names FROM "_SummaryToTag" b JOIN "Tag" t ON t.id = b."B"
                   WHERE b."A" = s.id) t ON true
WHERE s."userId" = %(user_id)s ORDER BY s."createdAt" DESC LIMIT 20"""
THIS_MONTH = """
SELECT count(*) FROM "UsageEvent" WHERE "userId" = %(user_id)s AND type = 'SUMMARY_CREATED'
  AND "createdAt" >= date_trunc('month', now() AT TIME ZONE 'UTC')"""
BY_TYPE = 'SELECT type, count(*) FROM "UsageEvent" WHERE "userId" = %(user_id)s GROUP BY type'


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
COUNT_MONTH = probe("usage_count_month", THIS_MONTH)
GROUP_BY_TYPE = probe("usage_by_type", BY_TYPE)
REST = (
    probe("user_by_id", 'SELECT * FROM "User" WHERE id = %(user_id)s'),
    probe("user_by_email", 'SELECT * FROM "User" WHERE email = %(email)s'),
    probe("user_update", 'UPDATE "User" SET "lastSeenAt" = now() WHERE id = %(user_id)s', writes=True),
    probe(
        "summary_create",
        'INSERT INTO "Summary" (id, "userId", "videoId", "videoTitle", "channelName", "durationSeconds", "updatedAt") '
        "VALUES ('probe', %(user_id)s, 'probe', 'probe', 'probe', 1, now())",
        writes=True,
    ),
    probe(
        "summary_by_video",
        'SELECT * FROM "Summary" WHERE "userId" = %(user_id)s AND "videoId" = %(video_id)s',
    ),
    probe("summary_update", 'UPDATE "Summary" SET "isFavorite" = true WHERE id = %(summary_id)s', writes=True),
    probe(
        "category_list",
        'SELECT c.*, count(b."B") FROM "Category" c LEFT JOIN "_CategoryToSummary" b ON b."A" = c.id '
        "GROUP BY c.id ORDER BY c.name",
    ),
    probe(
        "tag_list",
        'SELECT t.id, t.name, count(b."A") FROM "Tag" t LEFT JOIN "_SummaryToTag" b ON b."B" = t.id '
        "GROUP BY t.id ORDER BY count(*) DESC LIMIT 50",
    ),
    probe(
        "link_by_slug",
        'SELECT l.*, s."videoTitle" FROM "ShareLink" l JOIN "Summary" s ON s.id = l."summaryId" WHERE slug = %(slug)s',
    ),
    probe("summary_delete", 'DELETE FROM "Summary" WHERE id = %(summary_id)s', writes=True),
)


def heavy(url: str) -> Drawn:
    """The parameters of the user who has most."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            'SELECT u.id, u.email, s.id, s."videoId", l.slug FROM "User" u JOIN "Summary" s ON s."userId" = u.id '
            'JOIN "ShareLink" l ON l."userId" = u.id ORDER BY count(*) OVER (PARTITION BY u.id) DESC, u.id, s.id, l.id '
            "LIMIT 1"
        ).fetchone()
    assert row
    values: dict[str, Any] = dict(zip(("user_id", "email", "summary_id", "video_id", "slug"), row, strict=True))
    return Drawn("heavy", values)
