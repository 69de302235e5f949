"""The suites of a target: include/expectations/<target>/*.yaml, read into suites and faults, never an exception.

A fault is a rule that could not be evaluated: it names file and line, and takes down nothing but itself.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from dbops.domain.checks.own_expectations import OWN
from dbops.domain.checks.suite import CheckResult, Outcome, Rule, TableSuite
from dbops.domain.sql.object_names import TableName, read_table_name, written
from dbops.domain.sql.text import objection
from dbops.domain.words.printable import printable
from dbops.domain.words.severity import Severity
from dbops.domain.words.suggestion import did_you_mean
from dbops.gateways.files.yaml_lines import Place, YamlFault, YamlMapping, read_yaml_mapping, unknown_key
from dbops.gateways.validator.refusals import refusals

FOLDER = "expectations"
SCHEMA_FILE = "schema.yaml"

_SUITE_KEYS = ("table", "optional", "expectations")
_RULE_KEYS = ("type", "kwargs", "meta")
_META_KEYS = ("severity", "description")
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True)
class SuiteFiles:
    """What the suite files say: the ``suites``, and as ``faults`` what of them cannot be evaluated."""

    suites: tuple[TableSuite, ...] = ()
    faults: tuple[CheckResult, ...] = ()


class _Fault(Exception):
    """``place`` is the key in the file that is at fault; the nearest one above it that has a line is shown."""

    def __init__(self, place: Place, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.place = place
        self.sentence = sentence
        self.line = line


def checks_folder(include: Path, target: str) -> Path:
    """Where a target's queries lie that ``expect_query_to_return_no_rows`` names."""
    return include / "sql" / target / "checks"


def read_suites(include: Path, target: str) -> SuiteFiles:
    """Read every suite of a target; schema.yaml is the SchemaBaseline, and is not read."""
    folder = include / FOLDER / target
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        return SuiteFiles()
    except OSError as error:
        why = f"the folder cannot be read ({error.strerror}); correct its permissions"
        return SuiteFiles(faults=(_file_fault(f"{FOLDER}/{target}", None, why),))
    reader = _Reader(checks_folder(include, target))
    for name in names:
        if name.lower().endswith((".yaml", ".yml")) and not name.startswith(".") and name != SCHEMA_FILE:
            reader.read(folder / name, f"{FOLDER}/{target}/{name}")
    return SuiteFiles(tuple(reader.suites), tuple(reader.faults))


@dataclass
class _Reader:
    checks: Path
    suites: list[TableSuite] = field(default_factory=list)
    faults: list[CheckResult] = field(default_factory=list)
    seen: dict[TableName, str] = field(default_factory=dict)

    def read(self, path: Path, shown: str) -> None:
        try:
            self._read(path, shown)
        except YamlFault as fault:
            self.faults.append(_file_fault(shown, fault.line, fault.sentence))
        except _Fault as fault:
            self.faults.append(_file_fault(shown, fault.line, fault.sentence))
        except OSError as error:
            why = f"the file cannot be read ({error.strerror}); correct or remove it"
            self.faults.append(_file_fault(shown, None, why))

    def _read(self, path: Path, shown: str) -> None:
        if path.suffix != ".yaml":
            raise _Fault((), f"files that end with {path.suffix} are not read; rename it to .yaml")
        body = read_yaml_mapping(path.read_bytes())
        try:
            table, optional, listed = self._head(body)
        except _Fault as fault:
            raise _Fault(fault.place, fault.sentence, body.line_of(fault.place)) from None
        self.seen[table] = shown
        for key in body.value:
            if key not in _SUITE_KEYS:
                self.faults.append(_file_fault(shown, body.lines[(key,)], unknown_key(key, _SUITE_KEYS, "of a suite")))
        rules: dict[str, Rule] = {}
        for number, item in enumerate(listed):
            place: Place = ("expectations", number)
            rule = _named(item, table, shown, body.line_of((*place, "type")) or 0)
            faults = list(_faults(item, place, self.checks))
            if not faults and rule.rule_id in rules:
                first = rules[rule.rule_id].line
                faults = [_Fault(place, f"this rule is given twice, first in line {first}; remove one")]
            if faults:
                self.faults.extend(_rule_fault(rule, table, shown, body.line_of(one.place), one) for one in faults)
            else:
                rules[rule.rule_id] = rule
        self.suites.append(TableSuite(table=table, rules=tuple(rules.values()), optional=optional))

    def _head(self, body: YamlMapping) -> tuple[TableName, bool, list[Any]]:
        table = _table(body)
        if table in self.seen:
            raise _Fault(
                ("table",), f"{written(*table)} has a suite already, {self.seen[table]}; put them into one file"
            )
        return table, _optional(body), _listed(body)


def _table(body: YamlMapping) -> TableName:
    given = body.value.get("table")
    if not isinstance(given, str):
        raise _Fault(("table",), "a suite says of which table it is, as in table: public.Summary")
    try:
        return read_table_name(given)
    except ValueError as error:
        raise _Fault(("table",), f"table: {error}") from None


def _optional(body: YamlMapping) -> bool:
    given = body.value.get("optional", False)
    if not isinstance(given, bool):
        raise _Fault(("optional",), "optional must be true or false")
    return given


def _listed(body: YamlMapping) -> list[Any]:
    listed = body.value.get("expectations")
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise _Fault(("expectations",), 'expectations must be a list; begin each with "- type: expect_..."')
    return listed


def _named(item: Any, table: TableName, shown: str, line: int) -> Rule:
    """The rule as far as it can be read, so that its fault has the name that the rule will have."""
    item = item if isinstance(item, Mapping) else {}
    kind, kwargs, meta = str(item.get("type", "")), item.get("kwargs"), item.get("meta")
    kwargs = dict(kwargs) if isinstance(kwargs, Mapping) else {}
    meta = meta if isinstance(meta, Mapping) else {}
    canonical = json.dumps([kind, kwargs], sort_keys=True, default=str)
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:8]
    severity = meta.get("severity", "error")
    return Rule(
        rule_id=f"{written(*table)}/{kind.removeprefix('expect_') or 'rule'}/{digest}",
        type=kind,
        kwargs=kwargs,
        severity=severity if severity in _SEVERITIES else "error",
        description=str(meta.get("description") or ""),
        source=shown,
        line=line,
    )


def _faults(item: Any, place: Place, checks: Path) -> Iterator[_Fault]:
    if not isinstance(item, Mapping):
        yield _Fault(place, "an expectation is a section with the keys type, kwargs and meta")
        return
    for key in item:
        if key not in _RULE_KEYS:
            yield _Fault((*place, key), unknown_key(key, _RULE_KEYS, "of an expectation"))
    yield from _meta_faults(item.get("meta"), (*place, "meta"))
    kind, kwargs = item.get("type"), item.get("kwargs")
    if not isinstance(kind, str):
        yield _Fault(place, "an expectation has a type, as in type: expect_rows_to_satisfy")
        return
    if kwargs is not None and not isinstance(kwargs, Mapping):
        yield _Fault((*place, "kwargs"), "kwargs must be a section or {name: value, ...}")
        return
    found = False
    for where, sentence in refusals(kind, kwargs or {}):
        found = True
        yield _Fault((*place, *where), sentence)
    if not found and kind in OWN and "file" in OWN[kind].model_fields:
        yield from _query_faults(checks / str((kwargs or {})["file"]), (*place, "kwargs", "file"))


def _meta_faults(meta: Any, place: Place) -> Iterator[_Fault]:
    if meta is None:
        return
    if not isinstance(meta, Mapping):
        yield _Fault(place, "meta must be a section or {severity: warning, description: ...}")
        return
    for key, value in meta.items():
        if key not in _META_KEYS:
            yield _Fault((*place, key), unknown_key(key, _META_KEYS, "below meta"))
        elif key == "severity" and value not in _SEVERITIES:
            near = did_you_mean(str(value), _SEVERITIES)
            yield _Fault((*place, key), f"severity must be one of {', '.join(_SEVERITIES)}. {near}".strip())
        elif key == "description" and not isinstance(value, str):
            yield _Fault((*place, key), "description must be a text; put it in quotes")


def _query_faults(path: Path, place: Place) -> Iterator[_Fault]:
    try:
        why = objection(path.read_text("utf-8"))
    except FileNotFoundError:
        near = did_you_mean(path.name, [other.name for other in path.parent.glob("*.sql")])
        yield _Fault(place, f"there is no file {path.name} in sql/{path.parent.parent.name}/checks. {near}".strip())
    except (OSError, UnicodeDecodeError):
        yield _Fault(place, f"the file {path.name} cannot be read; save it as UTF-8 text")
    else:
        if why:
            yield _Fault(place, f"{path.name}: {why}")


def _file_fault(shown: str, line: int | None, sentence: str) -> CheckResult:
    shown = printable(shown)
    source = shown if line is None else f"{shown}:{line}"
    return CheckResult(
        rule_id=source, group="data", subject=shown, outcome=Outcome.NOT_EVALUATED, sentence=sentence, source=source
    )


def _rule_fault(rule: Rule, table: TableName, shown: str, line: int | None, fault: _Fault) -> CheckResult:
    return CheckResult(
        rule_id=rule.rule_id,
        group="data",
        subject=written(*table),
        outcome=Outcome.NOT_EVALUATED,
        severity=rule.severity,
        description=rule.description.rstrip("."),
        sentence=fault.sentence,
        source=shown if line is None else f"{shown}:{line}",
    )
