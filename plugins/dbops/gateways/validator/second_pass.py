"""Pass 2, only for what failed: how many rows, which keys, and the SQL that shows them. Values stay in the database."""

from __future__ import annotations

from typing import Any

from dbops.domain.checks.rule_sql import RuleQuery, keys_query, sentence_of
from dbops.domain.options.checks import CheckOptions
from dbops.domain.sql.object_names import TableName
from dbops.domain.words.quantities import format_count
from dbops.gateways.validator.asked import Asked
from dbops.gateways.validator.batch import Batch
from dbops.gateways.validator.expectations import META
from dbops.gateways.validator.first_pass import configuration_of
from dbops.gateways.validator.server import Refused, Server


def second_pass(server: Server, context: Any, table: TableName, rules: list[Asked], options: CheckOptions) -> None:
    """Make results of the broken rules of one table; what cannot be told is left out."""
    stock = [asked for asked in rules if asked.broken and asked.query is None]
    for asked in rules:
        if asked.broken and asked.query is not None:
            _tell_own(server, asked, asked.query, options)
    if stock:
        _tell_stock(server, Batch.of_table(server, context, table), stock, options)
    server.heard()


def _tell_own(server: Server, asked: Asked, query: RuleQuery, options: CheckOptions) -> None:
    keys = _keys(server, asked, query, options.keys_shown)
    rows = int(asked.number or 0) if query.counts else None
    asked.failed(f"{asked.in_words()}: {sentence_of(query, asked.number)}", rows=rows, keys=keys, sql=query.show)


def _keys(server: Server, asked: Asked, query: RuleQuery, limit: int) -> tuple[str, ...]:
    columns = list(asked.facts.keys) if asked.facts is not None else []
    if not limit or not query.rows or not (columns or query.of_query):
        return ()
    if query.of_query and asked.facts is not None:
        columns = columns[: len(asked.facts.primary_key) or 1]
    try:
        found = server.ask(keys_query(query, columns, limit))
    except Refused:
        return ()
    return tuple(", ".join(str(part) for part in row) for row in found)


def _tell_stock(server: Server, batch: Batch, rules: list[Asked], options: CheckOptions) -> None:
    key = list(rules[0].facts.primary_key) if rules[0].facts is not None else []
    # BASIC and no partial list: COMPLETE would fetch the value of every row that breaks a rule.
    format_: dict[str, Any] = {
        "result_format": "BASIC",
        "partial_unexpected_count": 0,
        "include_unexpected_rows": False,
        "return_unexpected_index_query": True,
        "unexpected_index_column_names": key,
    }
    if not key:
        del format_["unexpected_index_column_names"]
    found = {
        result.expectation_config.meta[META]["rule_id"]: result.result
        for result in batch.validate([configuration_of(asked) for asked in rules], format_)
    }
    for asked in rules:
        result = found.get(asked.rule.rule_id) or {}
        rows = result.get("unexpected_count")
        # Compiled for the driver, which doubles every %.
        query = str(result.get("unexpected_index_query") or "").replace("%%", "%").strip().rstrip(";")
        showing = RuleQuery(sql="", rows=f"(\n{query}\n) AS broken_row" if query else "", of_query=True)
        said = f"{format_count(rows, 'row')} break{'s' if rows == 1 else ''} it" if rows else "it does not hold"
        if options.show_values and "observed_value" in result:
            said = f"{said}; observed: {str(result['observed_value'])[:200]}"
        asked.failed(
            f"{asked.in_words()}: {said}",
            rows=rows,
            keys=_keys(server, asked, showing, options.keys_shown),
            sql=f"{query};" if query else "",
        )
