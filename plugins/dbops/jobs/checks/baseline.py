"""baseline: write down what a database is, once; afterwards show what has become different, and overwrite nothing."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.baseline import SchemaBaseline, renewed, to_be_kept
from dbops.domain.schema.baseline_report import BaselineReport
from dbops.domain.schema.differences import is_optional, schema_differences
from dbops.domain.schema.starter_suite import candidates, starter_suite, suite_file_name
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import TableName, written
from dbops.domain.target import Target
from dbops.gateways.files.baseline_files import (
    SCHEMA_FILE,
    BaselineFile,
    expectations_folder,
    read_baseline_file,
    tables_with_suites,
    write_file,
)
from dbops.gateways.files.baseline_text import rendered
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.server.table_profiles import ask, read_estimates, read_keys


def baseline(
    target: Target,
    address: DatabaseAddress,
    include: Path,
    *,
    clock: Callable[[], datetime],
    accept: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> BaselineReport:
    """Write what is missing of ``include/expectations/<target>/``: schema.yaml, and a suite for each table without.

    A schema.yaml that is there is compared with the live schema and, with ``accept``, takes it over. Raises
    DatabaseError, and InvalidRequest where a file cannot be read or written.
    """
    started = clock()
    before = read_baseline_file(include, target.name)
    suites, faults = tables_with_suites(include, target.name)
    tell("Reading the live schema from the catalog.")
    live = read_schema(address)
    now, sentences = _compared(before, live, target.checks)
    text = rendered(target.name, now, before.text if before else None)
    folder = expectations_folder(include, target.name)
    differs = before is not None and now != before.baseline
    done = []
    if before is None or (accept and differs):
        write_file(folder / SCHEMA_FILE, text)
        done.append(SCHEMA_FILE)
    unreadable = {Path(fault.path).name for fault in faults}
    new = {
        name: table
        for name, table in live.tables.items()
        if table.holds_rows and name not in suites and suite_file_name(name, ()) not in unreadable
    }
    if new:
        tell("Looking for rules that the rows of each table without a suite obey.")
        done += _write_suites(address, folder, target.checks, SchemaBaseline(new, optional=now.optional))
    return BaselineReport(
        target=target.name,
        started=started,
        finished=clock(),
        folder=f"expectations/{target.name}",
        tables=len(now.tables),
        written=tuple(f"expectations/{target.name}/{name}" for name in done),
        differences=sentences,
        diff=_diff(before.text if before else text, text) if differs else "",
        accepted=accept,
        notes=(*_broken(live), *_taken_as_meant(now)),
        faults=tuple(str(fault) for fault in faults),
    )


def _compared(
    before: BaselineFile | None, live: SchemaBaseline, options: CheckOptions
) -> tuple[SchemaBaseline, tuple[str, ...]]:
    """The baseline as it would be now, and in sentences what is different from before."""
    if before is None:
        return to_be_kept(live), ()
    absent = [name for name in before.baseline.tables if is_optional(name, before.baseline, options)]
    now = renewed(before.baseline, live, absent)
    # Here people decide what the baseline becomes, so nothing is left out because nightly checks ignore it.
    told = schema_differences(before.baseline, now, CheckOptions(optional=options.optional))
    return now, tuple(result.sentence for result in told if not result.rule_id.startswith("recommended_index:"))


def _write_suites(address: DatabaseAddress, folder: Path, options: CheckOptions, new: SchemaBaseline) -> list[str]:
    asked = {name: candidates(table) for name, table in new.tables.items()}
    keys = read_keys(address)
    answers = ask(address, asked, read_estimates(address))
    taken, done = {path.name for path in folder.glob("*.y*ml")}, []
    for name in new.tables:
        file = suite_file_name(name, taken)
        optional = is_optional(name, new, options)
        text = starter_suite(name, keys.get(name, []), asked[name], answers.get(name), optional=optional)
        write_file(folder / file, text)
        taken.add(file)
        done.append(file)
    return done


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "schema.yaml", "the live schema", lineterm="")
    return "\n".join(lines)


def _broken(live: SchemaBaseline) -> Iterable[str]:
    """What no baseline takes over: a failed build, a foreign key without its triggers."""
    return (result.sentence for result in schema_differences(to_be_kept(live), live, CheckOptions()))


def _taken_as_meant(now: SchemaBaseline) -> Iterable[str]:
    """What a baseline takes as meant, though it may not be."""
    for name, table in now.tables.items():
        yield from _ending(
            name, table.constraints, " NOT VALID", "the constraint", "is NOT VALID: older rows may break it"
        )
        yield from _ending(name, table.triggers, " DISABLED", "the trigger", "is disabled")


def _ending(table: TableName, definitions: Mapping[str, str], end: str, what: str, how: str) -> Iterable[str]:
    for name, text in definitions.items():
        if text.endswith(end):
            yield f"{what} {written(*table, name)} {how}; the baseline takes that as intended"
