"""What would make a slow probe faster, besides an index: read from its plans, its statements and the statistics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from dbops.domain.probes import Probe
from dbops.domain.probes.latency import Latency
from dbops.domain.query_plan.advice import Advice, IndexProposal
from dbops.domain.query_plan.node import PlanNode
from dbops.domain.query_plan.plan import Plan
from dbops.domain.query_plan.shape import steps
from dbops.domain.servers.table_statistics import TableStatistics
from dbops.domain.sql.object_names import TableName, in_sql, written
from dbops.domain.words.quantities import format_count, format_duration, format_ms

# A person reads a page of tens; a list of a thousand rows grows with the data, and no index makes it shorter.
UNBOUNDED_ROWS = 1000
# An estimate that is wrong by less seldom leads to another plan, and one of a handful of rows is always wrong.
MISJUDGED_TIMES = 10
MISJUDGED_ROWS = 100
# Where autovacuum analyzes by default: a tenth of the rows, and fifty.
CHANGED_SHARE = 0.1
CHANGED_ROWS = 50
OLD_STATISTICS = timedelta(days=30)
# Most of the time is the network's, and enough of it that people would notice.
ROUND_TRIPS_SHARE = 0.5
ROUND_TRIPS_MS = 5.0
TRIGGER_SHARE = 0.5
# A foreign key's look-up is most of a quick INSERT, and not why people had to wait for it.
TRIGGER_NOTICED = 0.25
CHANGED_PLAN_SHARE = 0.25

_SHOWN = 200  # characters of a plan in a sentence; the whole one stands beside it
_HAND_ON = {"Result", "ProjectSet", "Subquery Scan", "LockRows", "Gather", "Gather Merge"}


def advise(
    probe: Probe,
    plans: Sequence[Plan],
    *,
    latency: Latency | None,
    round_trip_ms: float,
    before: Sequence[str] = (),
    statistics: Mapping[TableName, TableStatistics],
    proposals: Sequence[IndexProposal] = (),
    unsuited: Sequence[str] = (),
) -> tuple[Advice, ...]:
    """Advice on one probe, the most useful first; ``plans`` are those of one set of parameters, one a statement.

    ``latency`` is None where no sample succeeded. ``before`` are the shapes that they had when the probe was last well,
    as ``shapes_before`` gives them. ``proposals`` are all of the run: those that name the probe become advice.
    ``unsuited`` are sentences on what no ordinary index would help.
    """
    return (
        *_triggers(plans, latency),
        *_missing_index(probe, proposals),
        *(Advice(kind="missing_index", sentence=sentence) for sentence in unsuited),
        *_plan_changed(plans, before),
        *_statistics(plans, statistics),
        *_pagination(plans),
        *_round_trips(probe, latency, round_trip_ms),
    )


def _missing_index(probe: Probe, proposals: Sequence[IndexProposal]) -> Iterator[Advice]:
    for proposal in proposals:
        if probe.name in proposal.probes:
            sentence = f"{proposal.why} Try the index {proposal.name} on a restored copy; it is unproven."
            yield Advice(kind="missing_index", sentence=sentence, sql=proposal.statement)


def _triggers(plans: Sequence[Plan], latency: Latency | None) -> Iterator[Advice]:
    """The one that takes most, where it takes most of the time both of the plans and of what was measured."""
    executed = sum(plan.execution_ms or 0.0 for plan in plans)
    spent: dict[tuple[str, str, str], float] = defaultdict(float)
    for one in (one for plan in plans for one in plan.triggers):
        spent[one.constraint, one.name, one.table] += one.time_ms
    noticed = TRIGGER_NOTICED * latency.p50 if latency else 0.0
    if not spent or not executed:
        return
    (constraint, name, table), time_ms = max(spent.items(), key=lambda one: one[1])
    if time_ms < max(TRIGGER_SHARE * executed, noticed):
        return
    took = f"took {format_ms(time_ms)} of the {format_ms(executed)} in which its statements were executed"
    if constraint:
        what = f"What the constraint {constraint} of {table} does for each row {took}."
        remedy = "See whether the columns by which it looks rows up have an index."
    else:
        what = f"The trigger {name} of {table} {took}."
        remedy = "Make what it does faster, or do it outside of the statement."
    yield Advice(kind="trigger", sentence=f"{what} {remedy}")


def _plan_changed(plans: Sequence[Plan], before: Sequence[str]) -> Iterator[Advice]:
    """That of the statement that takes most among those with another plan, unless they are not what takes the time."""
    whole = sum(plan.weight for plan in plans)
    pairs = zip(plans, before, strict=False)
    changed = [(plan, was) for plan, was in pairs if was and plan.weight >= CHANGED_PLAN_SHARE * whole]
    if not changed:
        return
    plan, shape_ = max(changed, key=lambda one: one[0].weight)
    was, is_ = Counter(steps(shape_)), Counter(steps(plan.shape()))
    gone, came = _shortly(was - is_), _shortly(is_ - was)
    if not gone and not came:
        change = "its steps are the same, in another order"
    else:
        change = f"from {gone or 'no step of its own'} to {came or 'no step in its place'}"
    of = f" of the statement in line {plan.line}" if len(plans) > 1 else ""
    yield Advice(
        kind="plan_changed",
        sentence=f"The plan{of} is another one than when the probe was last well: {change}. "
        "Look for an index that is gone, new statistics, or a changed setting.",
    )


def _shortly(changed: Counter[str]) -> str:
    listed = ", ".join(changed)
    return listed if len(listed) <= _SHOWN else f"{listed[:_SHOWN]}…"


def _statistics(plans: Sequence[Plan], statistics: Mapping[TableName, TableStatistics]) -> Iterator[Advice]:
    worst: dict[TableName, tuple[float, PlanNode]] = {}
    for plan in plans:
        for node, in_part in _with_limits(plan.root):
            wrong = _misjudged(node, in_part=in_part)
            if node.table is not None and wrong > worst.get(node.table, (0.0, node))[0]:
                worst[node.table] = (wrong, node)
    for table, (_, node) in worst.items():
        why = _stale(statistics.get(table))
        if why:
            expected = format_count(round(node.estimate), "row")
            yield Advice(
                kind="statistics",
                sentence=f"The planner expects {expected} of {written(*table)} and gets {node.rows or 0:,.0f}, "
                f"and the table {why}. Analyze it.",
                sql=f"ANALYZE {in_sql(*table)}",
            )


def _with_limits(node: PlanNode, in_part: bool = False) -> Iterator[tuple[PlanNode, bool]]:
    """Every node, and whether somebody above may have stopped asking it for rows before it had given all."""
    yield node, in_part
    for child in node.children:
        stops = node.type in {"Limit", "Merge Join"} or node.join in {"Semi", "Anti"} or child.role == "SubPlan"
        takes_all = node.type in {"Sort", "Hash", "Aggregate"}
        yield from _with_limits(child, (in_part or stops) and not takes_all)


def _misjudged(node: PlanNode, *, in_part: bool) -> float:
    """By how many times the estimate is wrong; 0 where it is good enough, or where nobody can know."""
    if node.rows is None or not node.loops:
        return 0.0
    more, less = max(node.rows, node.estimate), max(min(node.rows, node.estimate), 1)
    if (in_part and node.rows < node.estimate) or more - less < MISJUDGED_ROWS:
        return 0.0
    return more / less if more / less >= MISJUDGED_TIMES else 0.0


def _stale(known: TableStatistics | None) -> str:
    """What is wrong with a table's statistics; empty where new ones would say the same."""
    if known is None:
        return ""
    if known.analyzed is None and (known.rows is None or known.changed >= CHANGED_ROWS):
        return "was never analyzed"
    if known.changed >= CHANGED_ROWS + CHANGED_SHARE * (known.rows or 0):
        return f"has changed in {known.changed:,} rows since it was analyzed"
    if known.ago is not None and known.ago >= OLD_STATISTICS and known.changed:
        return f"was last analyzed {format_duration(known.ago)} ago"
    return ""


def _pagination(plans: Sequence[Plan]) -> Iterator[Advice]:
    for plan in plans:
        top = plan.root
        while top.type in _HAND_ON and top.children:
            top = top.children[0]
        rows = plan.root.returned
        if top.type not in {"Limit", "ModifyTable"} and rows >= UNBOUNDED_ROWS:
            yield Advice(
                kind="pagination",
                sentence=f"The statement in line {plan.line} returns {rows:,.0f} rows, and one more with every "
                "row that is added. Ask for a page of them: ORDER BY a unique key, and LIMIT.",
            )


def _round_trips(probe: Probe, latency: Latency | None, round_trip_ms: float) -> Iterator[Advice]:
    number = len(probe.statements)
    if latency is None or number == 1 or probe.is_pool:
        return
    spent = number * round_trip_ms
    if spent >= max(ROUND_TRIPS_MS, ROUND_TRIPS_SHARE * latency.p50):
        yield Advice(
            kind="round_trips",
            sentence=f"Its {number} statements wait {spent:.1f} of {latency.p50:.1f} ms for the network, "
            f"{round_trip_ms:.1f} ms each. Make one statement of several, or move the application near the database.",
        )
