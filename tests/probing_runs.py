"""Made-up runs of the probes as a real application might leave them: sixteen probes, week after week."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dbops.domain.health.item import HealthItem
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun, Slower
from dbops.domain.query_plan.advice import Advice, IndexProposal

NEWEST = datetime(2026, 11, 22, 5, 0, 12, tzinfo=UTC)

_INDEX = 'CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx" ON "Summary" ("userId", "createdAt")'

# name, title, model, usual p50 in ms, budget in ms
_PROBES = (
    ("user_by_id", "a user by id", "User", 0.31, 5.0),
    ("user_by_email", "a user by e-mail address, at login", "User", 0.35, 5.0),
    ("user_update", "a user's name and language", "User", 0.9, 20.0),
    ("summary_create", "a new summary with its categories", "Summary", 2.4, 50.0),
    ("summary_by_user_and_video", "whether this video has been summarised", "Summary", 0.4, 5.0),
    ("summary_list_newest", "a user's newest summaries, with categories and tags", "Summary", 34.0, 100.0),
    ("summary_update", "a summary's text", "Summary", 1.7, 20.0),
    ("summary_delete", "a summary and what hangs on it", "Summary", 3.1, 50.0),
    ("usage_create", "one more event of usage", "UsageEvent", 0.8, 10.0),
    ("usage_this_month", "how much a user has used this month", "UsageEvent", 6.2, 20.0),
    ("usage_by_type", "a user's usage by type", "UsageEvent", 11.0, 50.0),
    ("category_list_with_counts", "all categories, each with its number of summaries", "Category/Tag", 18.0, 50.0),
    ("tag_list_with_counts", "all tags, each with its number of summaries", "Category/Tag", 22.0, 50.0),
    ("share_link_by_slug", "a shared summary, by its link", "ShareLink", 0.45, 5.0),
    ("ten_connections", "ten connections at once, each with a question", "pooling", 41.0, 250.0),
    ("sign_up", "a user, a category and a first summary in one transaction", "transactions", 4.4, 50.0),
)


def latency(p50: float, seed: int = 0, count: int = 60) -> Latency:
    """One that looks measured: skewed to the right, with a stall now and then."""
    chance = random.Random(seed)  # noqa: S311 - a made-up measurement
    return Latency.of(round(p50 * 1e6 * chance.lognormvariate(0.0, 0.25)) for _ in range(count))


def result(probe: str = "user_by_id", p50: float = 0.31, budget: float = 5.0, seed: int = 0) -> ProbeResult:
    """A probe that was measured without any error."""
    return ProbeResult(
        probe=probe, title="a user by id", model="User", budget_ms=budget, asked=60, latency=latency(p50, seed)
    )


def run(results: Sequence[ProbeResult], started: datetime = NEWEST, target: str = "summary_app") -> ProbeRun:
    """A run that measured these."""
    return ProbeRun(
        target=target,
        run=f"scheduled__{started:%Y-%m-%dT%H:%M:%S}+00:00",
        started=started,
        finished=started + timedelta(minutes=2),
        server_version="17.10",
        results=tuple(results),
        round_trip=latency(0.09, 98),
        connect=latency(4.2, 99),
    )


def weeks(number: int) -> list[ProbeRun]:
    """A run a week up to the newest, in which nothing happened; oldest first."""
    return [_week(back) for back in reversed(range(number))]


def bad_week() -> ProbeRun:
    """The newest run, with one probe far over its budget, one slower than usual and one that failed."""
    changed: Mapping[str, ProbeResult] = {
        "summary_list_newest": _slow(_result(5, 0, 310.0)),
        "usage_this_month": replace(
            _result(9, 0, 12.4), budget_ms=40.0, slower=Slower(statistic="p95", usual=9.3, now=18.8, runs=8)
        ),
        "usage_create": replace(
            _result(8, 0, 0.8), latency=None, errors=60, error="canceled: it took longer than statement_timeout (10 s)"
        ),
        "tag_list_with_counts": replace(_result(12, 0, 41.0), again=latency(22.0, 7)),
    }
    usual = _week(0)
    return replace(
        usual,
        results=tuple(changed.get(one.probe, one) for one in usual.results),
        proposals=(
            IndexProposal(
                name="Summary_userId_createdAt_idx",
                table="Summary",
                statement=_INDEX,
                revert='DROP INDEX CONCURRENTLY "Summary_userId_createdAt_idx"',
                probes=("summary_list_newest",),
                why="Every row of Summary is read (204,310) and 20 are kept.",
                origin="recommended",
            ),
        ),
        health=(
            HealthItem(name="Connections", value="23 of 100", threshold="at most 80 %", status="ok"),
            HealthItem(
                name="Dead rows",
                value="Summary: 38 %",
                threshold="at most 20 %",
                status="warning",
                remedy="Let autovacuum come more often: lower its scale factor for this table.",
                sql='ALTER TABLE "Summary" SET (autovacuum_vacuum_scale_factor = 0.05)',
            ),
            HealthItem(
                name="Statements by total time",
                value="unknown",
                threshold="for information",
                status="unknown",
                remedy="Grant pg_read_all_stats to the role dbops.",
            ),
        ),
        escapes=('The sequence "UsageEvent_id_seq" has moved on by 60: usage_create draws from it.',),
        notes=("ten_connections was measured with 6 connections instead of 10: more were not free.",),
        page="s3://dbops-backups/summary_app/probes/20261122T050012Z/index.html",
    )


def _slow(measured: ProbeResult) -> ProbeResult:
    text = 'Limit  (cost=9120.11..9120.16 rows=20 width=812)\n  ->  Sort\n        Sort Key: s."createdAt" DESC\n'
    text += (
        '        ->  Seq Scan on "Summary" s\n              Filter: ("userId" = $1)\n              Rows Removed: 204290'
    )
    return replace(
        measured,
        again=latency(305.0, 5),
        slower=Slower(statistic="p95", usual=49.0, now=470.0, runs=8),
        explained=(
            Explained(
                kind="heavy",
                line=11,
                shape='Limit > Sort > Seq Scan on "Summary"',
                before='Limit > Index Scan using "Summary_userId_createdAt_idx" on "Summary"',
                text=text,
            ),
        ),
        advice=(
            Advice(
                kind="missing_index",
                sentence="Summary is read in full for one user: an index on userId and createdAt would find the rows.",
                sql=_INDEX,
            ),
        ),
    )


def _week(back: int) -> ProbeRun:
    drift = 1 + 0.01 * (12 - back)
    results = [_result(number, back, p50 * drift) for number, (_, _, _, p50, _) in enumerate(_PROBES)]
    return run(results, NEWEST - timedelta(weeks=back))


def _result(number: int, back: int, p50: float) -> ProbeResult:
    name, title, model, _, budget = _PROBES[number]
    wobble = 1 + 0.06 * ((number * 7 + back * 5) % 5 - 2) / 2
    return ProbeResult(
        probe=name,
        title=title,
        model=model,
        budget_ms=budget,
        asked=60,
        latency=latency(p50 * wobble, number * 100 + back),
    )
