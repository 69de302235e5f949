"""Notifier source: what the text of a notifier's class says of it, without executing a line of it.

A provider takes seconds to import, and Airflow parses every half minute. So the module is looked up where Python would
find it, and read. Where its text does not tell, nothing is said: the watch imports it within the hour, and knows.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

from dbops.domain.alerts.notifier import Notifier
from dbops.domain.fault import Fault
from dbops.domain.words.suggestion import did_you_mean
from dbops.gateways.files.notifier_files import NOTIFIERS

_EVERY_BASE_TAKES = frozenset({"context"})


def source_faults(notifiers: Iterable[Notifier]) -> tuple[Fault, ...]:
    """A fault for each notifier whose class is not there, and for each keyword that it does not take or that it needs.

    They may be fewer than there are: see this module's beginning.
    """
    return tuple(fault for notifier in notifiers for fault in _faults(notifier))


def _faults(notifier: Notifier) -> Iterable[Fault]:
    module, _, name = notifier.class_path.rpartition(".")
    place = notifier.line_of("class")
    spec, missing = _find(module)
    if missing:
        sentence = (
            f"{notifier.name}.class: there is no module {missing} here; install its provider, or correct the path"
        )
        return [Fault(NOTIFIERS, place, sentence)]
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return []
    try:
        tree = ast.parse(Path(spec.origin).read_bytes())
    except (OSError, SyntaxError):
        return []
    if name not in _names(tree.body):
        hint = did_you_mean(name, [node.name for node in tree.body if isinstance(node, ast.ClassDef)])
        return [Fault(NOTIFIERS, place, f"{notifier.name}.class: {module} has no {name}. {hint}".strip())]
    found = next((node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name), None)
    return [] if found is None else _misfits(notifier, found)


def _find(module: str) -> tuple[ModuleSpec | None, str]:
    """Where the module lies, without importing the packages above it; else the first of them that is nowhere."""
    spec: ModuleSpec | None = None
    path: Sequence[str] | None = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        loaded = sys.modules.get(name)
        spec = getattr(loaded, "__spec__", None) or _look(name, path)
        if spec is None:
            return None, name if loaded is None else ""
        path = list(getattr(loaded, "__path__", None) or spec.submodule_search_locations or ())
    return spec, ""


def _look(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, path)
        if spec is not None:
            return spec
    return None


def _names(body: Iterable[ast.stmt]) -> set[str]:
    """Every name that a module may have once it is executed, those in its branches too."""
    found = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.alias):
                found.add(node.asname or node.name)
            elif isinstance(node, ast.Name):
                found.add(node.id)
    return found


def _misfits(notifier: Notifier, found: ast.ClassDef) -> Iterable[Fault]:
    init = next((node for node in found.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"), None)
    if init is None:
        return
    given = set(notifier.keywords)
    named = [*init.args.args[1:], *init.args.kwonlyargs]
    taken = {argument.arg for argument in named}
    if not init.args.kwarg or _is_plain(found):
        rest = _EVERY_BASE_TAKES if init.args.kwarg else frozenset()
        for keyword in sorted(given - taken - rest):
            hint = did_you_mean(keyword, taken) or f"It takes {', '.join(sorted(taken))}."
            yield Fault(
                NOTIFIERS, notifier.line_of(keyword), f"{notifier.name}: {found.name} takes no {keyword}. {hint}"
            )
    for needed in _needed(init.args):
        if needed not in given:
            yield Fault(NOTIFIERS, notifier.line, f"{notifier.name}: {found.name} needs {needed}; write it below")


def _is_plain(found: ast.ClassDef) -> bool:
    """Whether what it does not take itself goes to Airflow's own base class, which takes hardly anything."""
    return [ast.unparse(base).rpartition(".")[2] for base in found.bases] == ["BaseNotifier"]


def _needed(arguments: ast.arguments) -> list[str]:
    without = len(arguments.args) - len(arguments.defaults)
    by_place = [argument.arg for argument in arguments.args[1:without]]
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return by_place + [argument.arg for argument, default in by_name if default is None]
