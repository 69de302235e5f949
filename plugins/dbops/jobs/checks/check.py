"""check: prove that the schema is the one we know and that the data obeys its rules."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dbops.domain.backups.backup import BackupId
from dbops.domain.checks.report import CheckReport
from dbops.domain.checks.run import CheckRun, days_bad, recovered, volume_results
from dbops.domain.checks.suite import CheckResult
from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.collation_versions import old_collations, unknown_collations
from dbops.domain.schema.exhaustion import exhaustion
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.data_checksums import data_checksums_note
from dbops.domain.target import Target
from dbops.errors import BucketError, DatabaseError, InvalidRequest
from dbops.gateways.files.baseline_files import read_baseline
from dbops.gateways.files.target_files import has_expectations
from dbops.gateways.migrating.migrations import see_migrations
from dbops.gateways.probing import WHY_DIRECT
from dbops.gateways.server.collation_versions import read_old_collations
from dbops.gateways.server.database import Database
from dbops.gateways.server.exhaustion import read_exhaustion
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.check_runs import put_check_run, put_docs, read_check_runs
from dbops.gateways.store.target_indexes import read_index
from dbops.gateways.validator import validate
from dbops.gateways.validator.expectation_files import read_suites
from dbops.jobs.checks.smoke_test import smoke_test
from dbops.jobs.target_index.refresh_index import refresh_checks

_RUNS_REMEMBERED = 30


def check(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    *,
    include: Path,
    run: str,
    clock: Callable[[], datetime],
    full: bool | None = None,
    probing: DatabaseAddress | None = None,
) -> CheckReport:
    """Check the target by the files below ``include``, keep what was found, and report it.

    ``probing`` is as whom the smoke test executes the operations, None for ``address``. ``full`` None means: on the
    day that ``checks.full_on`` names. Raises a DbopsError where nothing could be asked.
    """
    if not has_expectations(include, target.name):
        raise InvalidRequest(
            f"{target.name} has no rules: there is no folder include/expectations/{target.name}.",
            f"`python -m dbops baseline {target.name}` writes a first set from the live database.",
        )
    address.require_direct(target.connection, "checks need sessions of their own, in which their time is limited")
    if probing is not None:
        probing.require_direct(target.probing_connection, WHY_DIRECT)
    started = clock()
    in_full = started.astimezone(target.zone).strftime("%A").lower() == target.checks.full_on if full is None else full
    files, baseline = read_suites(include, target.name), read_baseline(include, target.name)
    history = read_check_runs(bucket, target, _RUNS_REMEMBERED)
    with tempfile.TemporaryDirectory(prefix=f"dbops-{target.name}-checks-") as folder:
        found = validate(
            address,
            files.suites,
            options=target.checks,
            full=in_full,
            folder=Path(folder),
            baseline=baseline,
            sql_folder=include / "sql" / target.name / "checks",
        )
        smoke = smoke_test(target, probing or address, include)
        results = (
            *files.faults,
            *found.results,
            *exhaustion(*read_exhaustion(address), target.checks),
            *_collations(address, target.checks),
            *volume_results(found.row_counts, history, target.checks),
            *smoke.results,
        )
        record = CheckRun(
            target=target.name,
            run=run,
            started=started,
            finished=clock(),
            full=in_full,
            results=results,
            rows={f"{schema}.{name}": count for (schema, name), count in found.row_counts.items()},
            statements=found.statements,
            migrations=see_migrations(address, target, include),
        )
        if found.docs:
            record = replace(record, docs=put_docs(bucket, target, record.check_id, found.docs))
    put_check_run(bucket, target, record)
    refresh_checks(target, bucket, record, clock)
    last_well = next((run.started for run in reversed(history) if not run.is_red), None) if record.is_red else None
    return CheckReport(
        target=target.name,
        started=started,
        finished=record.finished,
        full=in_full,
        results=results,
        statements=found.statements,
        tables=len(found.row_counts),
        days={rule_id: days_bad(rule_id, started, history) for rule_id in record.bad()},
        recovered=recovered(results, history),
        was_red=bool(history) and history[-1].is_red,
        docs=record.docs,
        operations=smoke.operations,
        notes=data_checksums_note(on=Database(address).has_data_checksums()),
        last_well=last_well,
        backup_before=_backup_before(target, bucket, last_well) if last_well else None,
    )


def _backup_before(target: Target, bucket: Bucket, moment: datetime) -> BackupId | None:
    """The newest good backup that began by then, unless it is held: by the index, for it is told and not relied on.

    None too where the store does not answer any more: what was checked is kept, and that is told all the same.
    """
    try:
        index = read_index(bucket, target)
    except BucketError:
        return None
    before = [one for one in index.backups if one.is_good and one.started <= moment] if index else []
    return before[-1].backup_id if before and before[-1].hold is None else None


def _collations(address: DatabaseAddress, options: CheckOptions) -> list[CheckResult]:
    """A locale that the server cannot open any more is no reason to check nothing else."""
    try:
        return old_collations(read_old_collations(address), options)
    except DatabaseError as error:
        return unknown_collations(error.what.removesuffix("."), options)
