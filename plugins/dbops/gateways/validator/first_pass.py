"""Pass 1: which rules of a table hold, in one scan for all that can share it. No value of a row is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from dbops.domain.checks.rule_sql import RuleQuery
from dbops.domain.sql.object_names import TableName, in_sql
from dbops.gateways.validator.asked import Asked
from dbops.gateways.validator.batch import Batch
from dbops.gateways.validator.expectations import META
from dbops.gateways.validator.server import Refused, Server

_COUNT = RuleQuery(sql="count(*)", in_scan=True, bound="at_least", counts=False)
_COUNT_ID = "count"


def first_pass(server: Server, context: Any, table: TableName, rules: Sequence[Asked]) -> int | None:
    """Settle the rules of one table that are open, and return its number of rows; None where nobody knows."""
    _plan(server, table, [asked for asked in rules if asked.is_open and asked.query is not None])
    batch = Batch.of_table(server, context, table)
    alone = [asked for asked in rules if asked.is_open and asked.query is not None and not asked.query.in_scan]
    rows = _run(server, batch, [asked for asked in rules if asked.is_open and asked not in alone], with_count=True)
    for asked in alone:
        _run(server, batch, [asked])
    for asked in [asked for asked in rules if asked.is_open]:
        # One rule that the server cannot compute takes down whatever shares its scan: each by itself, then.
        _run(server, Batch.of_table(server, context, table), [asked])
    return rows


def configuration_of(asked: Asked) -> Any:
    """The expectation as Great Expectations takes it, with the rule's id in its meta."""
    rule = asked.rule
    meta: dict[str, Any] = {"rule_id": rule.rule_id}
    if asked.query is not None:
        meta["rule_query"] = asdict(asked.query)
    return ExpectationConfiguration(type=rule.type, kwargs=gx_kwargs(asked), meta={META: meta})


def gx_kwargs(asked: Asked) -> dict[str, Any]:
    """The kwargs as Great Expectations takes them: ``is`` cannot be the name of a field."""
    kwargs = dict(asked.rule.kwargs)
    if asked.query is not None and "is" in kwargs:
        kwargs["is_"] = kwargs.pop("is")
    return kwargs


def _plan(server: Server, table: TableName, rules: Sequence[Asked]) -> None:
    """Let PostgreSQL plan each query, so that a wrong one is found before anything is read."""
    shared = [asked for asked in rules if asked.query is not None and asked.query.in_scan]
    alone = [asked for asked in rules if asked.query is not None and not asked.query.in_scan]
    if len(shared) > 1 and _refusal(server, _scan(table, shared)) is None:
        shared = []
    for asked in [*shared, *alone]:
        why = _refusal(server, _scan(table, [asked]) if asked in shared else _sql(asked))
        if why is not None:
            asked.not_evaluated(why)


def _scan(table: TableName, rules: Sequence[Asked]) -> str:
    return f"SELECT {', '.join(map(_sql, rules))} FROM {in_sql(*table)}"  # noqa: S608 - quoted


def _sql(asked: Asked) -> str:
    return "" if asked.query is None else asked.query.sql


def _refusal(server: Server, statement: str) -> str | None:
    try:
        server.ask(f"EXPLAIN {statement}")
    except Refused as refused:
        server.heard()
        return refused.refusal.sentence
    return None


def _run(server: Server, batch: Batch, rules: Sequence[Asked], *, with_count: bool = False) -> int | None:
    configurations = [configuration_of(asked) for asked in rules]
    if with_count:
        counting = {META: {"rule_id": _COUNT_ID, "rule_query": asdict(_COUNT)}}
        configurations.append(
            ExpectationConfiguration(type="expect_row_count_to_be_at_least", kwargs={"min_value": 0}, meta=counting)
        )
    server.heard()
    found = {
        result.expectation_config.meta[META]["rule_id"]: result
        for result in batch.validate(configurations, {"result_format": "BOOLEAN_ONLY"})
    }
    refusal = server.heard()
    for asked in rules:
        result = found.get(asked.rule.rule_id)
        said = None if result is None else _exception(result.exception_info)
        if result is not None and said is None:
            _settle(asked, result)
        elif refusal is None or _is_about_the_rule(said or ""):
            asked.not_evaluated(_without_values(said or ""))
        elif refusal.too_late or len(configurations) == 1:
            asked.not_evaluated(refusal.sentence)
    counted = found.get(_COUNT_ID)
    if counted is None or _exception(counted.exception_info) is not None:
        return None
    return int(counted.result["observed_value"])


def _settle(asked: Asked, result: Any) -> None:
    if asked.query is not None:
        asked.number = result.result.get("observed_value")
    if result.success:
        asked.passed()
    else:
        asked.broken = True


def _exception(info: dict[str, Any]) -> str | None:
    """What was raised, where something was; Great Expectations writes it by itself or by the metric that raised it."""
    if "raised_exception" in info:
        return str(info.get("exception_message")) if info["raised_exception"] else None
    for one in info.values():
        if isinstance(one, dict) and one.get("raised_exception", True):
            return str(one.get("exception_message"))
    return None


def _is_about_the_rule(said: str) -> bool:
    return said.removeprefix("Error: ").startswith(('The column "', "No provider found for"))


def _without_values(said: str) -> str:
    """What Great Expectations says about a rule itself; anything else may quote a row and is not repeated."""
    if _is_about_the_rule(said):
        return said.removeprefix("Error: ").strip().partition("\n")[0].rstrip(".")
    return "Great Expectations could not evaluate it; run it by itself to see why"
