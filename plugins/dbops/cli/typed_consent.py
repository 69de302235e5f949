"""Typed consent: a target's name, typed at a terminal, where Airflow would ask for an approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.cli.screen import Screen
from dbops.domain.approvals.approval import short_digest
from dbops.domain.target import Target
from dbops.domain.words.ended import Ended
from dbops.errors import ApprovalMissing
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.approvals.end_run import end_run


def typed_consent(
    screen: Screen,
    target: Target,
    bucket: Bucket,
    action: str,
    digest: str,
    *,
    about: str,
    run: str,
    who: str,
    clock: Callable[[], datetime],
    refusal: ApprovalMissing,
) -> str | None:
    """``who`` sits at the terminal, once the name is typed and that is on record; None where nobody has to say yes.

    ``about`` is which database that is about, and is shown: a name alone may be that of a target that leads elsewhere.
    Raises the ``refusal`` where something else is typed, InvalidRequest where there is no terminal, and BucketError.
    """
    if action not in target.approvals.approve:
        return None
    if screen.ask(f"Type {target.name} to {action} it ({about}), by the plan {short_digest(digest)}: ") != target.name:
        ended = Ended(word="rejected", why=f"{who} did not type {target.name}", when=clock(), by=who)
        raise end_run(refusal, bucket, target, run=run, action=action, ended=ended)
    facts = {"run": run, "digest": digest, "for": action, "answered_by": who}
    write_audit(bucket, target, clock(), "approval-typed", facts)
    return who
