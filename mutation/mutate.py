"""mutmut's own program, taught four things.

To change properties too; to change a text in one way instead of three; to collect the tests once, not once a mutant;
and to take no mutant for one that never ends because the machine has much else to do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import libcst as cst
import pytest
from _pytest.config import _prepareconfig
from mutmut.__main__ import cli
from mutmut.configuration import config
from mutmut.mutation import file_mutation, mutators
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.utils.file_utils import change_cwd
from mutmut.workers import isolation, timeout

_arranged = file_mutation.function_trampoline_arrangement
_skipped = file_mutation.MutationVisitor._skip_node_and_children


def _is_property(node: cst.CSTNode) -> bool:
    """A function with exactly the decorator @property: many of our rules are one."""
    match node:
        case cst.FunctionDef(decorators=[cst.Decorator(decorator=cst.Name(value="property"))]):
            return True
    return False


def _skip(visitor: file_mutation.MutationVisitor, node: cst.CSTNode) -> bool:
    return not _is_property(node) and _skipped(visitor, node)


def _arrange(
    function: cst.FunctionDef, mutants: Iterable[file_mutation.Mutation], class_name: str | None
) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any], Sequence[str]]:
    """A property's changed copies are plain functions, among which the property chooses."""
    if not _is_property(function):
        return _arranged(function, mutants, class_name)
    plain = function.with_changes(decorators=())
    declared, (choosing, *copies), assigned, names = _arranged(plain, mutants, class_name)
    choosing = cst.ensure_type(choosing, cst.FunctionDef)
    choosing = choosing.with_changes(decorators=[*function.decorators, *choosing.decorators])
    return declared, [choosing, *copies], assigned, names


def _change_text(node: cst.BaseString) -> Iterator[cst.BaseString]:
    """The first of mutmut's changes, XX around the text: the others, upper and lower case, ask the same again."""
    for changed in mutators.operator_string(node):
        yield changed
        return


def _register_patiently(pid: int, timeout_s: float) -> None:
    """By the clock a mutant may take an hour where mutmut gives it a minute; of processor time it has two minutes.

    What computes for ever uses these up. The clock is for what waits for ever.
    """
    timeout.register_timeout(pid, 60 * timeout_s)


class _FailureTold:
    """Says which test failed, and how: where nothing was changed, nobody would know otherwise."""

    @staticmethod
    def pytest_runtest_logreport(report: pytest.TestReport) -> None:
        if report.failed:
            sys.stdout.write(f"{report.nodeid} failed ({report.when}):\n{report.longreprtext}\n")


class CollectedOnce(PytestRunner):
    """Runs tests out of one collected session, which the process of each mutant inherits: a tenth of the time."""

    def __init__(self) -> None:
        super().__init__()
        self._session: pytest.Session | None = None

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:  # noqa: ARG002 (mutmut's signature)
        """0 where all these tests pass (all there are, where none is named), 1 at the first that fails."""
        with change_cwd("mutants"):
            session = self._session = self._session or self._collected()
            items = {item.nodeid: item for item in session.items}
            for name in tests or items:
                session.config.hook.pytest_runtest_protocol(item=items[name], nextitem=None)
                if session.testsfailed:
                    return 1
        return 0

    def run_forced_fail(self) -> int:
        """1 is right, for every mutated function fails now: to see it, the tests that reach one of them are enough."""
        reaching = max(state().tests_by_mangled_function_name.values(), key=len)
        failed = self.run_tests(mutant_name=None, tests=reaching)
        if self._session:
            self._session.testsfailed = 0
        return failed

    @staticmethod
    def _collected() -> pytest.Session:
        settings = _prepareconfig(
            ["--rootdir=.", "-s", "-p", "no:terminal", *config().pytest_add_cli_args_test_selection]
        )
        settings._do_configure()
        settings.pluginmanager.register(_FailureTold())
        session = pytest.Session.from_config(settings)
        settings.hook.pytest_sessionstart(session=session)
        settings.hook.pytest_collection(session=session)
        return session


if __name__ == "__main__":
    operators = [
        (kind, _change_text if change is mutators.operator_string else change)
        for kind, change in mutators.mutation_operators
    ]
    for place, name, taught in (
        (file_mutation.MutationVisitor, "_skip_node_and_children", _skip),
        (file_mutation, "function_trampoline_arrangement", _arrange),
        (file_mutation, "mutation_operators", operators),
        (isolation, "PytestRunner", CollectedOnce),
        (isolation, "register_timeout", _register_patiently),
    ):
        setattr(place, name, taught)
    cli()
