"""Check alert: what people are mailed of a run of the checks, short enough for a phone."""

from __future__ import annotations

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.checks.report import CheckReport
from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.report import Verdict
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_moment

_RULES_TOLD = 20
_SQL_TOLD = 300  # characters: what creates an index, and not the definition of a view

_IN_NO_BASELINE = {"recommended_index", "sequence_near_end", "transaction_id_age", "collation_version"}


def check_alert(report: CheckReport, target: Target, *, run: str, link: str | None) -> Alert | None:
    """What is bad or well again; None where all rules hold as they did before.

    It is RECOVERED where the run before was red and this one is not, though there may be warnings.
    """
    if not (report.bad or report.recovered or report.was_red):
        return None
    left = len(report.bad) - _RULES_TOLD
    again = " None of this is new." if report.is_old_news else ""
    return Alert(
        severity=_severity(report),
        job="check",
        target=target.name,
        environment=target.environment,
        headline=report.headline() + again,
        details=(
            *(_told(report, result) for result in report.bad[:_RULES_TOLD]),
            *([f"{left} more, see the log."] if left > 0 else []),
        ),
        well_again=report.recovered,
        remedy=_remedy(report),
        facts=(
            ("Rules", ", ".join(f"{count:,} {outcome}" for outcome, count in report.counts().items())),
            ("Checked", "in full" if report.full else "the nightly subset"),
            *((("Operations", report.operations),) if report.operations else ()),
            *((("Data docs", report.docs),) if report.docs else ()),
            *((("Last well", format_moment(report.last_well)),) if report.last_well and _is_harm(report) else ()),
            ("Run", run),
        ),
        link=link,
    )


def _severity(report: CheckReport) -> Severity:
    if report.verdict is Verdict.FAILED:
        return Severity.FAILED
    return Severity.WARNING if report.bad and not report.was_red else Severity.RECOVERED


def _is_harm(report: CheckReport) -> bool:
    """Whether there may be something to bring back: not where only an operation fails, or nobody is alarmed."""
    return any(result.is_red and result.group != "operation" for result in report.bad)


def _told(report: CheckReport, result: CheckResult) -> str:
    kind = "" if result.severity == "error" else "Warning: "
    repair = result.sql if result.group == "schema" and len(result.sql) <= _SQL_TOLD else ""
    said = f"{kind}{report.told(result)}"
    if not repair:
        return said
    first = report.rows_first(result)
    return f"{said}. {f'{first} Then' if first else 'To put it right'}:\n{repair}"


def _is_taken_over_by_a_baseline(result: CheckResult) -> bool:
    return result.group == "schema" and result.outcome is Outcome.FAILED and result.kind not in _IN_NO_BASELINE


def _remedy(report: CheckReport) -> str:
    parts = []
    if any(result.sql and result.group == "data" for result in report.bad):
        parts.append("The log has the SELECTs that show the rows.")
    if any(result.group == "operation" for result in report.bad):
        parts.append(
            f"An operation of the application fails: fix it, or its file in include/sql/{report.target}/probes/."
        )
    recommended = [result for result in report.bad if result.kind == "recommended_index"]
    if any(result.group != "operation" and result not in recommended for result in report.bad):
        parts.append("Fix the database; or, if the rule is wrong, its file in include/expectations/.")
    if any(_is_taken_over_by_a_baseline(result) for result in report.bad):
        parts.append(f"If the schema is meant to be like this: `python -m dbops baseline {report.target} --accept`.")
    if recommended:
        one = len(recommended) == 1
        parts.append(
            f"Create the {'index that is' if one else 'indexes that are'} recommended, by the "
            f"statement{'' if one else 's'} shown, or strike {'it' if one else 'them'} from recommended_indexes in "
            f"include/expectations/{report.target}/schema.yaml."
        )
    if report.backup_before and _is_harm(report):
        parts.append(
            f"{report.backup_before} is the newest backup from before. Hold it if something may have to be restored "
            "from it: "
            f'`python -m dbops hold {report.target} {report.backup_before} --reason "from before the damage"`.'
        )
    return " ".join(parts)
