"""CheckSuite and CheckResult: the rules that a database must obey, and what came of asking.

A rule has passed, failed, or could not be evaluated: three different things, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as record

from dbops.domain.sql.object_names import TableName
from dbops.domain.words.severity import Severity


class Outcome(StrEnum):
    """What came of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_EVALUATED = "could not evaluate"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One expectation as its file has it: Great Expectations' own ``type`` and ``kwargs``.

    ``rule_id`` is the same as long as the rule is, unique within the target, and can be read by people. ``source`` is
    the file below include/ and ``line`` where it stands there. ``description`` says in words what must hold.
    """

    rule_id: str
    type: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "error"
    description: str = ""
    source: str = ""
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class TableSuite:
    """The rules of one table, by name as the catalog has it. An ``optional`` table may be absent without a word."""

    table: TableName
    rules: tuple[Rule, ...]
    optional: bool = False


@record(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class CheckResult:
    """What came of one rule; ``checks/<time>.json`` keeps it.

    ``subject`` is the table or other object concerned, ``description`` says in words what must hold, empty for a
    schema, and ``sentence`` what is wrong, or why nobody knows; empty where it passed. ``rows`` is how many rows break
    it, ``keys`` the primary keys of the first few, ``sql`` shows them (or, for a schema, would put it right). ``how``
    says how a pass was known: ``rows`` were read, or the ``catalog`` has a valid constraint.
    """

    rule_id: str
    group: Literal["schema", "data", "operation"]
    subject: str
    outcome: Outcome
    severity: Severity = "error"
    description: str = ""
    sentence: str = ""
    rows: int | None = None
    keys: tuple[str, ...] = ()
    sql: str = ""
    source: str = ""
    how: Literal["rows", "catalog"] = "rows"

    @property
    def is_bad(self) -> bool:
        """Whether people have to look: it failed, or nobody knows."""
        return self.outcome is not Outcome.PASSED

    @property
    def is_red(self) -> bool:
        """Whether it makes the run red: it is bad, and no mere warning."""
        return self.is_bad and self.severity == "error"

    @property
    def kind(self) -> str:
        """What kind of rule it is; of a difference of the schema one of ``schema_kinds.KINDS``."""
        return self.rule_id.partition(":")[0].strip()

    @property
    def named(self) -> str:
        """The rule by a name for people, whatever came of it."""
        return f"{self.subject}: {self.description or self.kind.replace('_', ' ')}"


def worst_first(bad: Iterable[CheckResult]) -> list[CheckResult]:
    """Failed errors, then what could not be evaluated, then warnings; of each the schema last.

    A constraint cannot be put back as long as rows break it: in this order what to do about them comes first.
    """
    return sorted(
        bad, key=lambda one: (one.severity != "error", one.outcome is not Outcome.FAILED, one.group == "schema")
    )
