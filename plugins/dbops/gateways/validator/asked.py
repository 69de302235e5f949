"""Asked: one rule on its way through a validation, and the result that comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.checks.checked_table import CheckedTable
from dbops.domain.checks.rule_sql import RuleQuery
from dbops.domain.checks.suite import CheckResult, Outcome, Rule
from dbops.domain.sql.object_names import TableName, written


@dataclass
class Asked:
    """A rule, what it asks (``query``) where it is one of our own, and its ``result`` as soon as that is known.

    ``number`` is what the server answered to the query; ``broken`` says that pass 1 saw the rule fail.
    """

    rule: Rule
    table: TableName
    facts: CheckedTable | None = None
    query: RuleQuery | None = None
    number: float | None = None
    broken: bool = False
    result: CheckResult | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody knows yet."""
        return self.result is None and not self.broken

    def passed(self, *, by_catalog: bool = False) -> None:
        """It holds."""
        self.result = self._result(Outcome.PASSED, how="catalog" if by_catalog else "rows")

    def not_evaluated(self, why: str) -> None:
        """Nobody knows."""
        self.result = self._result(Outcome.NOT_EVALUATED, sentence=why)

    def failed(self, sentence: str, *, rows: int | None, keys: tuple[str, ...] = (), sql: str = "") -> None:
        """It does not hold."""
        self.result = self._result(Outcome.FAILED, sentence=sentence, rows=rows, keys=keys, sql=sql)

    def in_words(self) -> str:
        """What must hold, or the rule in its own words where nobody described it."""
        if self.rule.description:
            return self.rule.description.rstrip(".")
        kwargs = ", ".join(f"{name} {value}" for name, value in self.rule.kwargs.items())
        return f"{self.rule.type.removeprefix('expect_').replace('_', ' ')} ({kwargs})"

    def _result(self, outcome: Outcome, **known: object) -> CheckResult:
        rule = self.rule
        return CheckResult(
            rule_id=rule.rule_id,
            group="data",
            subject=written(*self.table),
            outcome=outcome,
            severity=rule.severity,
            description=self.in_words(),
            source=f"{rule.source}:{rule.line}" if rule.line else rule.source,
            **known,  # type: ignore[arg-type]
        )
