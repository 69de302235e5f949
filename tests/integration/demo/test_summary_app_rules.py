"""No row of the sample breaks a rule of the application; each rule is shown to notice a row that does."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
import pytest

# what must never be: the rows for which it is, and a statement that makes it so
BROKEN: dict[str, tuple[LiteralString, LiteralString]] = {
    "an id is not shaped like a cuid": (
        """SELECT id FROM (
      SELECT id FROM "User" UNION ALL SELECT id FROM "Summary" UNION ALL SELECT id FROM "ShareLink"
      UNION ALL SELECT id FROM "UsageEvent" UNION ALL SELECT id FROM "Category" UNION ALL SELECT id FROM "Tag"
      UNION ALL SELECT id FROM "Progress"
    ) AS ids WHERE id !~ '^c[a-z0-9]{24}$'""",
        'UPDATE "Tag" SET id = upper(id)',
    ),
    "a video id is not eleven characters of base64url": (
        """SELECT "videoId" FROM (
      SELECT "videoId" FROM "Summary" UNION ALL SELECT "videoId" FROM "UsageEvent"
      UNION ALL SELECT "videoId" FROM "Progress"
    ) AS ids WHERE "videoId" !~ '^[A-Za-z0-9_-]{11}$'""",
        """UPDATE "Summary" SET "videoId" = left("videoId", 10) || '+'""",
    ),
    "a slug is not ten lower-case characters": (
        """SELECT slug FROM "ShareLink" WHERE slug !~ '^[a-z0-9]{10}$'""",
        """UPDATE "ShareLink" SET slug = upper(slug) || '!'""",
    ),
    "an e-mail address could reach somebody": (
        """SELECT email FROM "User" WHERE email !~ '^[a-z.-]+[0-9]+@example\\.com$'""",
        """UPDATE "User" SET email = replace(email, 'example', 'mail')""",
    ),
    "a row was changed before it was created": (
        """SELECT id FROM (
      SELECT id, "createdAt", "updatedAt" FROM "User" UNION ALL SELECT id, "createdAt", "updatedAt" FROM "Summary"
      UNION ALL SELECT id, "createdAt", "updatedAt" FROM "Progress"
    ) AS changed WHERE "updatedAt" < "createdAt" """,
        """UPDATE "Progress" SET "updatedAt" = "createdAt" - interval '1 second'""",
    ),
    "a row is from the future": (
        """SELECT moment FROM (
      SELECT greatest("updatedAt", "lastSeenAt") FROM "User"
      UNION ALL SELECT greatest("updatedAt", "completedAt") FROM "Summary"
      UNION ALL SELECT "createdAt" FROM "ShareLink" UNION ALL SELECT "createdAt" FROM "UsageEvent"
      UNION ALL SELECT "createdAt" FROM "Tag" UNION ALL SELECT "createdAt" FROM "Category"
      UNION ALL SELECT "updatedAt" FROM "Progress"
    ) AS moments (moment) WHERE moment > '2026-11-22 21:00'""",
        """UPDATE "UsageEvent" SET "createdAt" = '2026-11-22 21:00:01'""",
    ),
    "something is older than its user": (
        """SELECT u.id FROM "User" AS u JOIN (
      SELECT "userId", "createdAt" FROM "Summary" UNION ALL SELECT "userId", "createdAt" FROM "UsageEvent"
      UNION ALL SELECT "userId", "createdAt" FROM "ShareLink" UNION ALL SELECT "userId", "createdAt" FROM "Progress"
    ) AS made ON made."userId" = u.id WHERE made."createdAt" < u."createdAt" OR u."lastSeenAt" < u."createdAt" """,
        """UPDATE "User" SET "createdAt" = '2026-11-22 21:00', "lastSeenAt" = NULL""",
    ),
    "a completion contradicts its status": (
        """SELECT id FROM "Summary"
    WHERE (status = 'COMPLETED') != ("completedAt" IS NOT NULL) OR (status = 'COMPLETED') != (confidence IS NOT NULL)
       OR (status = 'COMPLETED') != (content != '') OR (status = 'FAILED') != ("errorMessage" IS NOT NULL)""",
        """UPDATE "Summary" SET status = 'COMPLETED'""",
    ),
    "a completion lies outside its summary's life": (
        """SELECT id FROM "Summary" WHERE "completedAt" NOT BETWEEN "createdAt" AND "updatedAt" """,
        """UPDATE "Summary" SET "completedAt" = "createdAt" - interval '1 second'""",
    ),
    "a confidence is no probability": (
        """SELECT id FROM "Summary" WHERE confidence NOT BETWEEN 0 AND 1""",
        'UPDATE "Summary" SET confidence = confidence + 1',
    ),
    "a finished summary lacks key points, timestamps or topics": (
        """SELECT id FROM "Summary" WHERE status = 'COMPLETED' AND (jsonb_array_length("keyPoints") NOT BETWEEN 3 AND 7
      OR jsonb_array_length(timestamps) < 4 OR cardinality(topics) != 3)""",
        """UPDATE "Summary" SET topics = '{}'""",
    ),
    "metadata is not shaped as the schema says": (
        """SELECT id FROM "Summary" WHERE NOT metadata ?& '{model,promptVersion,tokens,cost,source}'
      OR NOT metadata->'tokens' ?& '{input,output}' OR NOT metadata->'source' ?& '{captions,views}'""",
        """UPDATE "Summary" SET metadata = metadata - 'cost'""",
    ),
    "a key point is not shaped as the schema says": (
        """SELECT id FROM "Summary", jsonb_array_elements("keyPoints") AS point
    WHERE NOT point ?& '{title,detail,importance}'""",
        """UPDATE "Summary" SET "keyPoints" = "keyPoints" #- '{0,title}'""",
    ),
    "a quote is not shaped as the schema says": (
        """SELECT id FROM "Summary", jsonb_array_elements(quotes) AS quote WHERE NOT quote ?& '{text,speaker,seconds}'
      OR (quote->>'seconds')::int NOT BETWEEN 0 AND "durationSeconds" """,
        """UPDATE "Summary" SET quotes = quotes #- '{0,speaker}'""",
    ),
    "a timestamp lies outside its video or out of order": (
        """SELECT id FROM (
      SELECT id, "durationSeconds", (mark->>'seconds')::int AS seconds,
             lag((mark->>'seconds')::int) OVER (PARTITION BY id ORDER BY nth) AS previous
      FROM "Summary", jsonb_array_elements(timestamps) WITH ORDINALITY AS marks (mark, nth)
    ) AS marked WHERE seconds NOT BETWEEN 0 AND "durationSeconds" OR seconds <= previous""",
        'UPDATE "Summary" SET "durationSeconds" = "durationSeconds" / 2',
    ),
    "a month exceeds its user's limit": (
        """SELECT u.id FROM "User" AS u JOIN "UsageEvent" AS event ON event."userId" = u.id
    WHERE type = 'SUMMARY_CREATED' GROUP BY u.id, date_trunc('month', event."createdAt")
    HAVING count(*) > u."monthlyLimit" """,
        'UPDATE "User" SET "monthlyLimit" = 3',
    ),
    "a finished summary was not charged": (
        """SELECT id FROM "Summary" AS summary WHERE status = 'COMPLETED' AND NOT EXISTS (
      SELECT FROM "UsageEvent" AS event WHERE event."userId" = summary."userId" AND event."videoId" = summary."videoId"
        AND type = 'SUMMARY_CREATED' AND event."createdAt" = summary."completedAt")""",
        """DELETE FROM "UsageEvent" WHERE type = 'SUMMARY_CREATED'""",
    ),
    "a link is not its summary's owner's, or ends before it begins": (
        """SELECT link.id FROM "ShareLink" AS link JOIN "Summary" AS summary ON summary.id = "summaryId"
    WHERE link."userId" != summary."userId" OR status != 'COMPLETED' OR link."createdAt" < "completedAt"
       OR "expiresAt" <= link."createdAt" """,
        'UPDATE "ShareLink" SET "expiresAt" = "createdAt"',
    ),
    "progress contradicts its summary": (
        """SELECT progress.id FROM "Progress" AS progress LEFT JOIN "Summary" AS summary USING ("userId", "videoId")
    WHERE summary.id IS NULL OR progress.status != summary.status OR percent NOT BETWEEN 0 AND 100
       OR (percent = 100) != (progress.status = 'COMPLETED') OR "expiresAt" <= progress."createdAt" """,
        'UPDATE "Progress" SET percent = 50',
    ),
    "a category or tag is younger than what it hangs on": (
        """SELECT id FROM "Summary" WHERE "createdAt" < (SELECT max("createdAt") FROM "Tag")
       OR "createdAt" < (SELECT max("createdAt") FROM "Category")""",
        """UPDATE "Tag" SET "createdAt" = '2026-11-22 21:00'""",
    ),
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_there_is_no_row_where(sample: psycopg.Connection[Any], wrong: str) -> None:
    rows, _ = BROKEN[wrong]

    assert sample.execute(rows).fetchmany(3) == []


@pytest.mark.parametrize("wrong", BROKEN)
def test_it_would_be_noticed_if(sample: psycopg.Connection[Any], wrong: str) -> None:
    rows, breaking = BROKEN[wrong]
    with sample.transaction(force_rollback=True):
        sample.execute(breaking)

        assert sample.execute(rows).fetchone() is not None
