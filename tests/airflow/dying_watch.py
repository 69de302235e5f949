"""Watches that are to die: ``python -m tests.airflow.dying_watch``, in an Airflow's environment.

It imports everything once, and forks a process for each watch that it is asked for, a JSON object a line on standard
input: ``memory`` is the name under which it remembers, ``passed`` the boundaries that it survives, or null for all of
them, and ``told`` the file in which it leaves the name of the one that it dies at. The answer is its exit status.

A boundary is what changes something outside of the watch: a mail, a notifier's call, a word to its memory, an alert
that is forgotten. It dies just before each, and so just after the one before.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.less_work import look_for_garbage_less_often, read_files_of_boto3_once

_lock = threading.Lock()
END = "end"


def _run(memory: str, passed: list[str] | None, told: str) -> int:
    from airflow.dag_processing.dagbag import DagBag

    from dbops.gateways.alerting.mailbox import SmtpMailbox
    from dbops.jobs.watch import forget_alerts
    from dbops_airflow import watch_memory, watch_operator
    from dbops_airflow.notifying import Notifying

    seen: Counter[str] = Counter()

    def reach(what: str) -> None:
        with _lock:  # no other thread gets further while this one dies
            seen[what] += 1
            boundary = f"{what} #{seen[what]}"
            if passed is not None and boundary not in passed:
                Path(told).write_text(boundary, encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)

    def before(place: Any, name: str, words: Callable[..., str]) -> None:
        real = getattr(place, name)

        def reaching(*arguments: Any) -> Any:
            reach(words(*arguments))
            return real(*arguments)

        setattr(place, name, reaching)

    watch_memory._MAILED, watch_memory._TAKEN = f"mailed-{memory}", f"taken-{memory}"
    watch_memory._KNOWN = f"known-{memory}"
    before(SmtpMailbox, "send", lambda _mailbox, message: f"mail {message['Subject']}")
    before(Notifying, "_notify", lambda notifying, _notifier: f"notify {notifying._alert.target}")
    before(watch_memory, "_write", lambda _context, name, _moments: f"remember {name.partition('-')[0]}")
    before(watch_operator, "remember_known", lambda _context, _known: "remember known")
    before(forget_alerts, "delete_notification", lambda _bucket, target, _lost: f"forget {target.name}")
    run = DagBag(Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / "watch.py").dags["watch"].test()
    reach(END)
    return 0 if run.state == "success" else 1


def _forked(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            status = _run(**asked)
        except BaseException:  # noqa: BLE001 - it ends here, whatever it is
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, ended = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(ended)


def serve() -> None:
    """Until standard input ends."""
    look_for_garbage_less_often()
    read_files_of_boto3_once(pytest.MonkeyPatch())
    answers = os.dup(1)
    os.dup2(2, 1)  # what Airflow says is no answer
    import airflow.dag_processing.dagbag
    import airflow.sdk.execution_time.supervisor
    import airflow.sdk.execution_time.task_runner
    import boto3.session
    from starlette.testclient import TestClient

    # Many seconds, once for all that are forked: the API that tasks talk to, what its first request makes, and what
    # boto3 knows of S3.
    TestClient(airflow.sdk.execution_time.supervisor.in_process_api_server().app).get("/health")
    boto3.session.Session().client("s3", region_name="us-east-1").close()
    gc.freeze()
    for line in sys.stdin:
        os.write(answers, f"{_forked(json.loads(line))}\n".encode())


if __name__ == "__main__":
    serve()
