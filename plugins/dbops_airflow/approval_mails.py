"""Approval mails: somebody is asked, and what came of it. Like every mail of dbops they never raise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dbops.domain.approvals.approval import short_digest
from dbops.domain.words.quantities import format_moment
from dbops.errors import ApprovalMissing, DbopsError
from dbops_airflow.alerts import TaskFailureMail, everybody
from dbops_airflow.links import base_url
from dbops_airflow.telling import tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.alerts.audience import Audience
    from dbops.domain.approvals.approval import Approval, Question
    from dbops.domain.target import Target
    from dbops.domain.words.stake import Stake


class RejectionMail(TaskFailureMail):
    """The ``on_failure_callback`` of an ApprovalSensor: mails a no as REJECTED, everything else as FAILED."""

    def severity_of(self, reason: DbopsError) -> str:
        """See FailureMail."""
        return "REJECTED" if isinstance(reason, ApprovalMissing) else super().severity_of(reason)

    def told(self, reason: DbopsError) -> str:
        """See FailureMail; the sentence begins with the same word, for those who read it in a log."""
        said = re.sub(r"^REJECTED:? ", "", reason.what)
        return f"{said[:1].upper()}{said[1:]}"


def mail_question(question: Question, stake: Stake, notes: tuple[str, ...], target: Target, context: Context) -> None:
    """Mail that somebody is asked, with a link to where it is answered; a broken glass is mailed to everybody.

    ``stake`` is what the plan says that a yes does, and ``notes`` what one should know.
    """
    from dbops.domain.alerts.alert import Alert, Severity
    from dbops.domain.approvals.rules import possible_approvers

    asker = question.requested_by or "Somebody unknown"
    until = format_moment(question.asked + target.approvals.wait)
    may = ", ".join(possible_approvers(question, target))
    alert = Alert(
        severity=Severity.BREAK_GLASS if question.break_glass else Severity.APPROVAL,
        job=question.action,
        target=target.name,
        environment=target.environment,
        headline=f"{asker} asks for the {question.act} of {target.name}; answer by {until}.",
        stake=stake,
        details=(*_glass(question), *notes),
        remedy=(
            f"Open the question, read the plan, type {target.name}, and choose Approve or Reject. No answer counts "
            "as a no."
        ),
        facts=(
            *_asked(question),
            ("Answer until", until),
            ("May answer", may or ("two people are needed" if target.needs_four_eyes else "anyone Airflow allows")),
        ),
        link=_question_url(context["ti"]),
        link_to="question",
    )
    tell(alert, _audience(question, target), context)


def mail_approved(approval: Approval, target: Target, context: Context) -> None:
    """Mail that the yes was given, and whose it is."""
    from dbops.domain.alerts.alert import Alert, Severity
    from dbops.domain.approvals.approval import noun_of

    until = format_moment(approval.valid_until)
    reason = (f"The reason: {approval.reason}",) if approval.reason else ()
    alert = Alert(
        severity=Severity.BREAK_GLASS if approval.break_glass else Severity.APPROVED,
        job=approval.action,
        target=target.name,
        environment=target.environment,
        headline=f"{approval.answered_by} approved the {noun_of(approval.action)} of {target.name}; it begins now.",
        details=(*reason, *_glass(approval)),
        facts=(*_asked(approval), ("Approved by", approval.answered_by), ("Counts until", until)),
        link=context["ti"].log_url,
    )
    tell(alert, _audience(approval, target), context)


def _glass(asked: Question | Approval) -> tuple[str, ...]:
    if not asked.break_glass:
        return ()
    return (
        f"BREAK GLASS by {asked.requested_by}: {asked.break_glass_reason}",
        "One person alone can approve this. This mail goes to the recipients of every target.",
    )


def _asked(asked: Question | Approval) -> tuple[tuple[str, str], ...]:
    return (
        ("Action", asked.action),
        ("Asked by", asked.requested_by or "unknown"),
        ("Digest", short_digest(asked.digest)),
        ("Run", asked.run),
    )


def _audience(asked: Question | Approval, target: Target) -> Audience:
    if not asked.break_glass:
        return target.audience
    from dbops.gateways.files.target_files import include_folder, read_targets

    return everybody([target, *read_targets(include_folder()).targets.values()])


def _question_url(ti: Any) -> str:
    """Where the question is answered."""
    return f"{base_url()}/dags/{quote(ti.dag_id)}/runs/{quote(ti.run_id)}/tasks/{quote(ti.task_id)}/required_actions"
