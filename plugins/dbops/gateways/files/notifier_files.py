"""The notifiers: include/notifiers.yaml, read into notifiers and faults, never an exception.

Airflow reads this whenever it parses a DAG file that shows faults, and a task reads it when there is an alert: nothing
is imported here but YAML, and no notifier's class. Whether the classes fit is asked by those who know Airflow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbops.domain.alerts.alert import Severity
from dbops.domain.alerts.notifier import SEVERITIES, Notifier
from dbops.domain.alerts.notifier_name import is_notifier_name
from dbops.domain.fault import Fault
from dbops.domain.target import Target
from dbops.domain.words.suggestion import did_you_mean
from dbops.gateways.files.yaml_lines import Place, YamlMapping, read_yaml_file

NOTIFIERS = "notifiers.yaml"

_CLASS, _ONLY = "class", "only"
_CLASS_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_SECRET_NAME = re.compile(
    r"passw|secret|token|credential|authorization|api_?key|(routing|integration|access|private)_?key", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"://[^/\s@]+:[^/\s@]+@|//hooks\.slack\.com/|\bBearer\s+[^\s{]", re.IGNORECASE)
_CONNECTION_NAME = re.compile(r"conn(ection)?_id$")
_BY_CONNECTION = "no credential belongs in a file: name an Airflow connection, as in slack_conn_id or {{ conn.NAME }}"


@dataclass(frozen=True)
class NotifierFiles:
    """``notifiers`` that can be tried, by name; the ``faults``; and every name that ``stands`` in the file.

    ``stands`` is None where nobody can know: the file cannot be read.
    """

    notifiers: dict[str, Notifier] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    stands: frozenset[str] | None = frozenset()


def read_notifiers(include: Path) -> NotifierFiles:
    """Read every notifier, and keep what is wrong as faults; without the file there are none."""
    path = include / NOTIFIERS
    if not os.path.lexists(path):
        return NotifierFiles()
    file = read_yaml_file(path, NOTIFIERS, "oncall: {class: ...}")
    if isinstance(file, Fault):
        return NotifierFiles(faults=(file,), stands=None)
    notifiers, faults = {}, []
    for name in file.value:
        wrong = [Fault(NOTIFIERS, file.line_of(place), sentence) for place, sentence in _wrong(name, file.value[name])]
        faults += wrong
        if not wrong:
            notifiers[name] = _notifier(name, file)
    return NotifierFiles(notifiers, tuple(faults), frozenset(file.value))


def notifier_faults(include: Path, targets: Iterable[Target], files: NotifierFiles) -> tuple[Fault, ...]:
    """All that is wrong with the notifiers, and with their names in targets, that can be told without their classes."""
    return (*files.faults, *_unknown_notifiers(include, targets, files))


def _unknown_notifiers(include: Path, targets: Iterable[Target], files: NotifierFiles) -> tuple[Fault, ...]:
    """A fault for each name under alerts.notify that nobody describes; the target itself can be used all the same.

    A database is not left without backups because somebody has renamed a pager.
    """
    if files.stands is None:
        return ()
    faults: dict[Fault, None] = {}
    for target in targets:
        for number, name in enumerate(target.alerts.notify):
            if name not in files.stands:
                place: Place = ("alerts", "notify", number)
                shown, line = _stands_at(include, target.name, place)
                known = ", ".join(sorted(files.stands)) or "none"
                hint = did_you_mean(name, files.stands) or f"There is: {known}."
                sentence = f'alerts.notify names "{name}", and {NOTIFIERS} has no such notifier. {hint}'
                faults[Fault(shown, line, sentence)] = None
    return tuple(faults)


def _notifier(name: str, file: YamlMapping) -> Notifier:
    value = file.value[name]
    only = value.get(_ONLY)
    return Notifier(
        name=name,
        class_path=value[_CLASS],
        keywords={key: inner for key, inner in value.items() if key not in {_CLASS, _ONLY}},
        only=frozenset(Severity) if only is None else frozenset(SEVERITIES[word] for word in only),
        line=file.line_of((name,)),
        lines={key: line for key in value if (line := file.line_of((name, key))) is not None},
    )


def _wrong(name: str, value: Any) -> Iterator[tuple[Place, str]]:
    """Where, and a sentence."""
    if not is_notifier_name(name):
        yield (name,), f'"{name}" is no name of a notifier: lower-case letters, digits and _, beginning with a letter'
    if not isinstance(value, Mapping):
        yield (name,), f"{name} must be a section: below it a line class: with the import path of a notifier"
        return
    path = value.get(_CLASS)
    if _CLASS not in value:
        yield (name,), f"{name} has no class; write the import path of a notifier, as in class: package.module.Notifier"
    elif not isinstance(path, str) or not _CLASS_PATH.fullmatch(path):
        yield (name, _CLASS), f"{name}.class must be an import path, as in package.module.Notifier"
    yield from _wrong_only(name, value.get(_ONLY), stands=_ONLY in value)
    for key, inner in value.items():
        if key not in {_CLASS, _ONLY}:
            yield from _secrets((name, key), inner)


def _wrong_only(name: str, value: Any, *, stands: bool) -> Iterator[tuple[Place, str]]:
    if not stands:
        return
    if not isinstance(value, list) or not value:
        yield (name, _ONLY), f"{name}.only must be a list, as in [failed, missing]"
        return
    for number, word in enumerate(value):
        if not isinstance(word, str) or word not in SEVERITIES:
            hint = did_you_mean(str(word), SEVERITIES) or f"The words are {', '.join(SEVERITIES)}"
            yield (name, _ONLY, number), f'"{word}" is not the first word of any alert. {hint}'


def _secrets(place: Place, value: Any) -> Iterator[tuple[Place, str]]:
    """What looks like a credential is refused without being repeated."""
    key = str(place[-1])
    shown = ".".join(str(part) for part in place)
    if isinstance(value, Mapping):
        for inner, below in value.items():
            yield from _secrets((*place, inner), below)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _secrets((*place, number), below)
    elif isinstance(value, str) and "{{" not in value:
        by_name = _SECRET_NAME.search(key) and not _CONNECTION_NAME.search(key)
        if by_name or _SECRET_VALUE.search(value):
            yield place, f"{shown} looks like a credential, and {_BY_CONNECTION}"


def _stands_at(include: Path, target: str, place: Place) -> tuple[str, int | None]:
    """The file that a target has the key from, and its line there."""
    for shown in (f"targets/{target}.yaml", "defaults.yaml"):
        read = read_yaml_file(include / shown, shown)
        if isinstance(read, YamlMapping) and place in read.lines:
            return shown, read.lines[place]
    return f"targets/{target}.yaml", None
