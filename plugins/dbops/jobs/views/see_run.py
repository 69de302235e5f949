"""see_run: one run of the checks, or the report of one of the probes, by what lies in the bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.views.target_parts import checks_part
from dbops.domain.views.target_view import ChecksPart, CheckView
from dbops.errors import ObjectMissing
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.check_runs import read_check_run
from dbops.gateways.store.probe_runs import read_page
from dbops.jobs.views.unseen import cannot_be_shown, why_unseen


def see_check(
    target: Target, open_bucket: Callable[[Target], Bucket], check_id: BackupId, *, clock: Callable[[], datetime]
) -> CheckView | None:
    """That run, a sentence in place of what cannot be read; None where there is none. Nothing is raised."""
    checks = _checks(target, open_bucket, check_id)
    return None if checks is None else CheckView(target=target, check_id=check_id, seen=clock(), checks=checks)


def _checks(target: Target, open_bucket: Callable[[Target], Bucket], check_id: BackupId) -> ChecksPart | str | None:
    what = f"The run {check_id} of the checks of {target.name}"
    try:
        return checks_part([read_check_run(open_bucket(target), target, check_id)])
    except ObjectMissing:
        return None
    except ValueError:
        place = f"s3://{target.storage.bucket}/{Layout(target.root).check(check_id)}"
        return cannot_be_shown(what, f"{place} is none that this version can read.")
    except Exception as error:  # noqa: BLE001 - whoever looks gets a sentence
        return why_unseen(what, error)


def see_probe_report(target: Target, open_bucket: Callable[[Target], Bucket], probe_id: BackupId) -> bytes | str | None:
    """The HTML that was kept of that run, a sentence where it cannot be read, None where there is none."""
    try:
        return read_page(open_bucket(target), target, probe_id)
    except ObjectMissing:
        return None
    except Exception as error:  # noqa: BLE001 - as above
        return why_unseen(f"The report of the run {probe_id} of the probes of {target.name}", error)
