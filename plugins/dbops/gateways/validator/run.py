"""One validation from the first question to the data docs. Importing this module imports Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dbops.domain.checks.checked_table import CheckedTable
from dbops.domain.checks.own_expectations import OWN
from dbops.domain.checks.rule_sql import query_of
from dbops.domain.checks.suite import CheckResult, TableSuite
from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.baseline import SchemaBaseline
from dbops.domain.schema.differences import is_optional
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import TableName, written
from dbops.domain.sql.text import objection
from dbops.gateways.validator import Validation
from dbops.gateways.validator.asked import Asked
from dbops.gateways.validator.catalog import read_tables
from dbops.gateways.validator.context import working_context
from dbops.gateways.validator.data_docs import Shown, build_docs
from dbops.gateways.validator.first_pass import first_pass, gx_kwargs
from dbops.gateways.validator.refusals import refusals
from dbops.gateways.validator.schema import EXPECTATION, SUBJECT, schema_results
from dbops.gateways.validator.second_pass import second_pass
from dbops.gateways.validator.server import serving


def validate(
    address: DatabaseAddress,
    suites: Sequence[TableSuite],
    *,
    options: CheckOptions,
    full: bool,
    folder: Path | None,
    baseline: SchemaBaseline | None,
    sql_folder: Path,
) -> Validation:
    """See ``dbops.gateways.validator.validate``."""
    row_counts: dict[TableName, int] = {}
    asked: list[Asked] = []
    schema: list[CheckResult] = []
    known = baseline or SchemaBaseline()
    with working_context(folder) as context, serving(address, options.statement_timeout) as server:
        if baseline is not None:
            schema = schema_results(server, context, baseline, options)
        tables = read_tables(server)
        for suite in suites:
            table = tables.get(suite.table)
            if table is None and (suite.optional or is_optional(suite.table, known, options)):
                continue
            rules = [Asked(rule, suite.table, table) for rule in suite.rules]
            asked.extend(rules)
            _prepare(rules, tables, sql_folder, full=full)
            if table is None:
                continue
            count = first_pass(server, context, suite.table, rules)
            if count is not None:
                row_counts[suite.table] = count
            second_pass(server, context, suite.table, rules, options)
        docs = None if folder is None else build_docs(context, _pages(schema, asked), folder)
        statements = server.statements
    results = (*schema, *(_known(one) for one in asked))
    return Validation(results=results, row_counts=row_counts, statements=statements, docs=docs)


def _pages(schema: Sequence[CheckResult], asked: Sequence[Asked]) -> list[tuple[str, list[Shown]]]:
    """The schema's differences, and table by table its rules."""
    pages: dict[str, list[Shown]] = {}
    for result in schema:
        kwargs = {"column": result.subject, "value_set": ["as schema.yaml has it"]}
        pages.setdefault(SUBJECT, []).append(Shown(result, EXPECTATION, kwargs))
    for one in asked:
        shown = Shown(_known(one), one.rule.type, gx_kwargs(one), one.rule.description)
        pages.setdefault(written(*one.table), []).append(shown)
    return list(pages.items())


def _prepare(rules: Sequence[Asked], tables: Mapping[TableName, CheckedTable], sql: Path, *, full: bool) -> None:
    """Say what each rule of our own asks, and settle what takes no statement."""
    for asked in rules:
        if asked.facts is None:
            near = [name for name in tables if name[1].casefold() == asked.table[1].casefold()]
            hint = f". Did you mean {written(*near[0])}?" if near else ""
            asked.not_evaluated(f"there is no table {written(*asked.table)} in the database{hint}")
        else:
            _ask(asked, sql)
            if asked.is_open and not full and asked.facts.proves(asked.rule):
                asked.passed(by_catalog=True)


def _ask(asked: Asked, sql: Path) -> None:
    why = [sentence for _, sentence in refusals(asked.rule.type, asked.rule.kwargs)]
    if why:
        asked.not_evaluated("; ".join(why))
    elif asked.rule.type in OWN:
        try:
            asked.query = query_of(asked.rule, asked.table, lambda name: _query(sql / name))
        except ValueError as error:
            asked.not_evaluated(str(error))


def _query(path: Path) -> str:
    try:
        query = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"the file {path.name} cannot be read; save it as UTF-8 text in {path.parent.name}/") from None
    why = objection(query)
    if why:
        raise ValueError(f"{path.name}: {why}")
    return query


def _known(asked: Asked) -> CheckResult:
    if asked.result is None:
        asked.not_evaluated("it was not evaluated; this is a bug in dbops")
    assert asked.result is not None  # noqa: S101 - the line above
    return asked.result
