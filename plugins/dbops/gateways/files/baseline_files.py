"""The file of a SchemaBaseline, ``include/expectations/<target>/schema.yaml``: read with its faults."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbops.domain.fault import Fault
from dbops.domain.schema.baseline import Column, SchemaBaseline, Table
from dbops.domain.schema.recommended_indexes import RecommendedIndex
from dbops.domain.sql.object_names import TableName, read_table_name
from dbops.domain.words.suggestion import did_you_mean
from dbops.errors import InvalidRequest
from dbops.gateways.files.yaml_lines import Place, YamlFault, read_yaml_mapping

SCHEMA_FILE = "schema.yaml"

_KEYS = ("optional", "recommended_indexes", "enums", "tables")
_TABLE_KEYS = ("is", "columns", "constraints", "indexes", "triggers")


class SchemaFileFault(InvalidRequest):
    """A schema.yaml that cannot be used; ``faults`` say why, each with its line."""

    def __init__(self, target: str, *faults: Fault) -> None:
        told = "; ".join(str(fault) for fault in faults)
        super().__init__(f"The baseline of {target} cannot be used. {told}", "Correct the file and try again.")
        self.faults = faults


@dataclass(frozen=True)
class BaselineFile:
    """What a schema.yaml says, and its text."""

    baseline: SchemaBaseline
    text: str


def expectations_folder(include: Path, target: str) -> Path:
    """Where the expectations of a target lie."""
    return include / "expectations" / target


def read_baseline(include: Path, target: str) -> SchemaBaseline | None:
    """The baseline of a target, None where it has none yet; raises SchemaFileFault."""
    file = read_baseline_file(include, target)
    return None if file is None else file.baseline


def read_baseline_file(include: Path, target: str) -> BaselineFile | None:
    """The baseline of a target with its text, None where it has none yet; raises SchemaFileFault."""
    path = expectations_folder(include, target) / SCHEMA_FILE
    shown = f"expectations/{target}/{SCHEMA_FILE}"
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SchemaFileFault(
            target, Fault(shown, None, f"the file cannot be read ({error.strerror}); correct it")
        ) from None
    try:
        document = read_yaml_mapping(body)
    except YamlFault as fault:
        raise SchemaFileFault(target, Fault(shown, fault.line, fault.sentence)) from None
    reading = _Reading(document.lines)
    baseline = reading.baseline(document.value)
    if reading.wrong:
        raise SchemaFileFault(target, *(Fault(shown, line, sentence) for line, sentence in reading.wrong))
    return BaselineFile(baseline, body.decode("utf-8-sig"))


def tables_with_suites(include: Path, target: str) -> tuple[frozenset[TableName], tuple[Fault, ...]]:
    """The tables that have a suite, by its ``table:``, and the files of which that cannot be read."""
    found, faults = set(), []
    for path in sorted(expectations_folder(include, target).glob("*.yaml")):
        if path.name == SCHEMA_FILE or path.name.startswith("."):
            continue
        table = _table_of(path, f"expectations/{target}/{path.name}")
        if isinstance(table, Fault):
            faults.append(table)
        else:
            found.add(table)
    return frozenset(found), tuple(faults)


def _table_of(path: Path, shown: str) -> TableName | Fault:
    try:
        document = read_yaml_mapping(path.read_bytes())
    except YamlFault as fault:
        return Fault(shown, fault.line, fault.sentence)
    except OSError as error:
        return Fault(shown, None, f"the file cannot be read ({error.strerror}); correct or remove it")
    line, table = document.lines.get(("table",)), document.value.get("table")
    if not isinstance(table, str):
        return Fault(shown, line, "a suite says of which table it is, as in table: public.Summary")
    try:
        return read_table_name(table)
    except ValueError as error:
        return Fault(shown, line, f"table: {error}")


def write_file(path: Path, text: str) -> None:
    """Write a file below include/ whole or not at all; raises InvalidRequest where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            umask = os.umask(0)
            os.umask(umask)
            Path(temporary).chmod(0o666 & ~umask)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be written: {error.strerror}.",
            "Run this where the include folder can be written, in a checkout of your repository for example, and point "
            "--include at it.",
        ) from None


class _Reading:
    """Reads a document into a baseline, and keeps what is ``wrong`` with it."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = lines
        self.wrong: list[tuple[int | None, str]] = []

    def baseline(self, document: Mapping[str, Any]) -> SchemaBaseline:
        self._known(document, (), _KEYS)
        optional = document.get("optional") or []
        if not (isinstance(optional, list) and all(isinstance(one, str) for one in optional)):
            self._fault(("optional",), "optional must be a list of tables, as in [public.Progress]")
            optional = []
        enums = {
            name: self._labels(("enums", key), labels)
            for key, labels in self._section(document, ("enums",)).items()
            if (name := self._name(("enums", key), key))
        }
        tables = {
            name: self._table(("tables", key), table)
            for key, table in self._section(document, ("tables",)).items()
            if (name := self._name(("tables", key), key))
        }
        recommended = self._texts(document, ("recommended_indexes",), RecommendedIndex.of)
        return SchemaBaseline(tables, enums, tuple(optional), recommended)

    def _table(self, place: Place, table: Any) -> Table:
        if not isinstance(table, Mapping):
            self._fault(place, f"{place[-1]} must be a section; it has {', '.join(_TABLE_KEYS)}")
            return Table()
        self._known(table, place, _TABLE_KEYS)
        definition = table.get("is", "table")
        if not isinstance(definition, str):
            self._fault((*place, "is"), "is must be a text, such as table, or view AS with the query below")
        return Table(
            str(definition).rstrip("\n"),
            self._texts(table, (*place, "columns"), lambda _, text: Column.of(text)),
            self._texts(table, (*place, "constraints")),
            self._texts(table, (*place, "indexes")),
            self._texts(table, (*place, "triggers")),
        )

    def _name(self, place: Place, key: str) -> TableName | None:
        try:
            return read_table_name(key)
        except ValueError as error:
            self._fault(place, str(error))
            return None

    def _labels(self, place: Place, labels: Any) -> tuple[str, ...]:
        if not isinstance(labels, list):
            self._fault(place, f"{place[-1]} must be a list of labels, as in [FREE, PRO]")
            return ()
        for number, label in enumerate(labels):
            if not isinstance(label, str):
                self._fault((*place, number), f"the label {label} must be a text; put it in quotes")
        return tuple(str(label) for label in labels)

    def _texts(
        self, document: Mapping[str, Any], place: Place, check: Callable[[str, str], object] = lambda _name, _text: None
    ) -> dict[str, str]:
        found = {}
        for key, text in self._section(document, place).items():
            if not isinstance(text, str):
                self._fault((*place, key), f"{key} must be a text; put it in quotes")
                continue
            try:
                check(key, text)
            except ValueError as error:
                self._fault((*place, key), f"{key}: {error}")
            found[key] = text
        return found

    def _section(self, document: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
        section = document.get(str(place[-1])) or {}
        if isinstance(section, Mapping):
            return section
        self._fault(place, f"{place[-1]} must be a section: indented lines below it")
        return {}

    def _known(self, document: Mapping[str, Any], place: Place, keys: tuple[str, ...]) -> None:
        for key in document:
            if key not in keys:
                hint = did_you_mean(key, keys) or f"The keys are {', '.join(keys)}"
                self._fault((*place, key), f'"{key}" is not a key {"of a table" if place else "here"}. {hint}')

    def _fault(self, place: Place, sentence: str) -> None:
        self.wrong.append((self._lines.get(place), sentence))
