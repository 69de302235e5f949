"""The target files: include/defaults.yaml and include/targets/*.yaml, read into targets and faults, never an exception.

Airflow reads this each time it parses a DAG file, so it stays quick and imports nothing but YAML and pydantic.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dbops.domain.fault import Fault
from dbops.domain.target import Danger, Target
from dbops.domain.words.suggestion import did_you_mean
from dbops.errors import InvalidTarget, UnknownTarget
from dbops.gateways.files.probe_files import has_probes
from dbops.gateways.files.shipped import PROJECT
from dbops.gateways.files.target_sentences import sentence_of
from dbops.gateways.files.yaml_lines import YamlMapping, read_yaml_file

FOLDER_VARIABLE = "DBOPS_INCLUDE"
_AIRFLOW_HOME = "AIRFLOW_HOME"

_DEFAULTS = "defaults.yaml"
_TARGETS = "targets"
# What only a target itself can say: two targets of one connection would be one database under two names.
_NEVER_DEFAULT = {
    "name": "a target is named by its file; remove this line",
    "connection": "each target names its own connection; move this line into its file below targets/",
}


@dataclass(frozen=True)
class TargetFiles:
    """What the target files say: ``targets`` by name, and the ``faults`` of those that cannot be used."""

    targets: dict[str, Target] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def target(self, name: str) -> Target:
        """The target of that name; raises InvalidTarget where its file is at fault, else UnknownTarget."""
        if name in self.targets:
            return self.targets[name]
        own = [fault for fault in self.faults if fault.path == f"{_TARGETS}/{name}.yaml"]
        shared = [fault for fault in self.faults if fault.path in {_DEFAULTS, _TARGETS}]
        if own or shared:
            told = "; ".join(str(fault) for fault in own or shared)
            raise InvalidTarget(f"The target {name} cannot be used. {told}", "Correct the file and try again.")
        known = ", ".join(self.targets) or "none"
        raise UnknownTarget(f'There is no target "{name}".', did_you_mean(name, self.targets) or f"There is: {known}.")


def has_file(include: Path, target: str) -> bool:
    """Whether the target has a file, be it one that cannot be read."""
    return bool(_target_files(include / _TARGETS, only=target))


def named_targets(include: Path) -> frozenset[str] | None:
    """The targets that have a file, readable or not; None where nobody can know."""
    try:
        return frozenset(path.stem for path in _target_files(include / _TARGETS))
    except _Unreadable:
        return None


def has_expectations(include: Path, target: str) -> bool:
    """Whether the target has rules to be checked by, readable or not."""
    try:
        return (include / "expectations" / target).is_dir()
    except OSError:
        return True  # reading them says what is wrong


def include_folder() -> Path:
    """The include folder: where DBOPS_INCLUDE points, else ``include`` beside ``plugins``.

    An installation from the wheel has no ``plugins``: there it lies in Airflow's home.
    """
    if configured := os.environ.get(FOLDER_VARIABLE):
        return Path(configured)
    if PROJECT.is_dir():
        return Path(os.environ.get(_AIRFLOW_HOME) or "~/airflow").expanduser() / "include"
    return Path(__file__).resolve().parents[4] / "include"


def read_targets(include: Path, only: str | None = None) -> TargetFiles:
    """Read every target, or ``only`` the one of that name, and keep what is wrong as faults."""
    faults: dict[Fault, None] = {}  # a set that keeps its order: many targets may meet the same fault in the defaults
    try:
        defaults = _read_defaults(include / _DEFAULTS)
        files = _target_files(include / _TARGETS, only)
    except _Unreadable as unreadable:
        return TargetFiles({}, unreadable.faults)
    targets: dict[str, Target] = {}
    lines: dict[str, int | None] = {}
    for path in files:
        try:
            own = _read_own(path)
            target = _validated(path.stem, own, defaults)
            targets[path.stem] = target.with_files(
                rules=has_expectations(include, path.stem), probes=has_probes(include, path.stem)
            )
            lines[path.stem] = own.lines.get(("storage", "prefix"))
        except _Unreadable as unreadable:
            faults.update(dict.fromkeys(unreadable.faults))
    for name, sentence in _nested(targets.values()).items():
        del targets[name]
        faults[Fault(f"{_TARGETS}/{name}.yaml", lines[name], sentence)] = None
    return TargetFiles(targets, tuple(faults))


class _Unreadable(Exception):
    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


def _target_files(folder: Path, only: str | None = None) -> list[Path]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder)) if only is None else [f"{only}.yaml", f"{only}.yml"]
    except OSError as error:
        sentence = f"the folder cannot be read ({error.strerror}); create it, with one YAML file for each target"
        raise _Unreadable(Fault(_TARGETS, None, sentence)) from None
    named = (name for name in names if name.lower().endswith((".yaml", ".yml")) and name[0] != "." and "/" not in name)
    return [folder / name for name in named if only is None or os.path.lexists(folder / name)]


def _read_defaults(path: Path) -> YamlMapping:
    if not os.path.lexists(path):
        return YamlMapping({})
    defaults = _read(path, _DEFAULTS)
    faults = [
        Fault(_DEFAULTS, defaults.lines[(key,)], f"{key} has no default: {why}")
        for key, why in _NEVER_DEFAULT.items()
        if key in defaults.value
    ]
    if faults:
        raise _Unreadable(*faults)
    return defaults


def _read(path: Path, shown: str) -> YamlMapping:
    read = read_yaml_file(path, shown)
    if isinstance(read, Fault):
        raise _Unreadable(read)
    return read


def _read_own(path: Path) -> YamlMapping:
    shown = f"{_TARGETS}/{path.name}"
    if path.suffix != ".yaml":
        raise _Unreadable(Fault(shown, None, f"files that end with {path.suffix} are not read; rename it to .yaml"))
    own = _read(path, shown)
    if "name" in own.value:
        raise _Unreadable(Fault(shown, own.lines[("name",)], _NEVER_DEFAULT["name"]))
    return own


def _validated(name: str, own: YamlMapping, defaults: YamlMapping) -> Target:
    try:
        return Target(name=name, **_merged(defaults.value, own.value))
    except ValidationError as invalid:
        shown = f"{_TARGETS}/{name}.yaml"
        raise _Unreadable(*(_located(error, shown, own, defaults) for error in invalid.errors())) from None


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings merge, key by key; everything else, lists too, is replaced."""
    merged = dict(defaults)
    for key, value in own.items():
        default = merged.get(key)
        both = isinstance(default, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(default, value) if both else value  # type: ignore[arg-type]
    return merged


def _located(error: ErrorDetails, shown: str, own: YamlMapping, defaults: YamlMapping) -> Fault:
    """The fault in the file that holds the key, at its line; what is missing belongs to the target's own file."""
    sentence, place = sentence_of(error), error["loc"]
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Danger):
        place = cause.key
    if place in own.lines:
        return Fault(shown, own.lines[place], sentence)
    if place in defaults.lines:
        return Fault(_DEFAULTS, defaults.lines[place], sentence)
    return Fault(shown, own.line_of(place), sentence)


def _nested(targets: Iterable[Target]) -> dict[str, str]:
    """A sentence on each target whose objects would lie inside the root of another, and among that one's objects."""
    by_root = {(target.storage.bucket, target.root): target for target in targets}
    sentences = {}
    for (bucket, root), target in by_root.items():
        folders = root.rstrip("/").split("/")
        roots = ["/".join(folders[:depth]) + "/" for depth in range(1, len(folders))]
        outer = next((by_root[bucket, other] for other in roots if (bucket, other) in by_root), None)
        if outer is not None:
            sentences[target.name] = (
                f"its backups would lie in s3://{bucket}/{root}, inside those of target {outer.name}; "
                "give it another storage.prefix"
            )
    return sentences
