"""see_run: one run of the checks, or the report of one of the probes, by what lies in the bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.views.target_parts import checks_part
from dbops.domain.views.target_view import CheckView
from dbops.domain.words.start_id import StartId
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.check_runs import read_check_run
from dbops.gateways.store.probe_runs import read_page
from dbops.jobs.views.unseen import seen_or_why


def see_check(
    target: Target, open_bucket: Callable[[Target], Bucket], check_id: StartId, *, clock: Callable[[], datetime]
) -> CheckView | None:
    """That run, a sentence in place of what cannot be read; None where there is none. Nothing is raised."""
    checks = seen_or_why(
        lambda: checks_part([read_check_run(open_bucket(target), target, check_id)]),
        f"The run {check_id} of the checks of {target.name}",
        f"s3://{target.storage.bucket}/{Layout(target.root).check(check_id)}",
    )
    return None if checks is None else CheckView(target=target, check_id=check_id, seen=clock(), checks=checks)


def see_probe_report(target: Target, open_bucket: Callable[[Target], Bucket], probe_id: StartId) -> bytes | str | None:
    """The HTML that was kept of that run, a sentence where it cannot be read, None where there is none."""
    return seen_or_why(
        lambda: read_page(open_bucket(target), target, probe_id),
        f"The report of the run {probe_id} of the probes of {target.name}",
        f"s3://{target.storage.bucket}/{Layout(target.root).probe_page(probe_id)}",
    )
