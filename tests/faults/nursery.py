"""A nursery of jobs that are to die: ``python -m tests.faults.nursery``.

It imports everything once, and then forks a process for each job that it is asked for, a JSON object a line on standard
input; the answer is a line on standard output: the job's number, and its exit status, negative where a signal ended it.
A death costs what the job has done until then, and no start of Python.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbops.cli.main import main
from dbops.domain.target import Target
from dbops.gateways.environment import open_bucket
from dbops.gateways.files.target_files import read_targets
from dbops.jobs.backups.expire import expire
from dbops.jobs.watch.forget_alerts import forget_alerts
from dbops.jobs.watch.lost_alerts import lost_alerts
from dbops.jobs.watch.read_left import read_left
from tests.faults import migrate_steps, restore_steps, schema_steps
from tests.faults.boundaries import Boundaries
from tests.less_work import look_for_garbage_less_often


@dataclass(frozen=True)
class Task:
    """What to run, in which environment; ``passed`` is None where it shall live, ``output`` is where it speaks."""

    job: str
    arguments: list[str]
    environment: dict[str, str]
    passed: list[str] | None
    output: str
    spared: str = ""
    number: int = 0


def _expire_days_later(target: str, days: str) -> int:
    wanted = Target.model_validate_json(target)
    expire(wanted, open_bucket(wanted), clock=lambda: datetime.now(UTC) + timedelta(days=int(days)))
    return 0


def _forget_alerts(include: str) -> int:
    """As the watch does once they were told."""
    targets = read_targets(Path(include)).targets
    for lost in lost_alerts(read_left(targets.values(), open_bucket), open_bucket, datetime.now(UTC)):
        forget_alerts(lost, targets[lost.notifications[0].target], open_bucket)
    return 0


JOBS: dict[str, Callable[..., int]] = {
    "dbops": lambda *arguments: main(arguments),
    "restore": lambda request: restore_steps.main(Path(request)),
    "schema": lambda request: schema_steps.main(Path(request)),
    "migrate": lambda request: migrate_steps.main(Path(request)),
    "expire": _expire_days_later,
    "forget": _forget_alerts,
}


def _run(task: Task) -> int:
    os.environ.clear()
    os.environ.update(task.environment)
    for number, name in ((1, "out"), (2, "err")):
        descriptor = os.open(f"{task.output}.{name}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if task.passed is not None:
        Boundaries(task.passed, Path(f"{task.output}.boundary"), task.spared).watch()
    return JOBS[task.job](*task.arguments)


def _forked(task: Task) -> int:
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            status = _run(task)
        except BaseException:  # noqa: BLE001 - it ends here, whatever it is
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    _, ended = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(ended)


def _import_what_jobs_import_late() -> None:
    """Great Expectations, matplotlib and the jobs: seconds, once for all that are forked."""
    import dbops.gateways.alerting.heartbeat
    import dbops.jobs.backups.back_up
    import dbops.jobs.backups.drill
    import dbops.jobs.checks.check
    import dbops.jobs.probes.probe
    import dbops.jobs.watch.watch
    from dbops.gateways.validator import import_great_expectations

    import_great_expectations()
    import dbops.gateways.validator.run  # noqa: F401
    from dbops.gateways.probe_charts import import_matplotlib

    import_matplotlib()


def serve() -> None:
    """Until standard input ends."""
    look_for_garbage_less_often()
    _import_what_jobs_import_late()
    for line in sys.stdin:
        task = Task(**json.loads(line))
        sys.stdout.write(f"{task.number} {_forked(task)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
