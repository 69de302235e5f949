"""Promise: wherever the DAG watch is killed, every problem is mailed, one mail at most twice, and nothing is silent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbops.domain.watch.notification import Notification
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.store.left_by_tasks import left_by_tasks
from dbops.gateways.store.notifications import delete_notification, put_notification
from tests.airflow.conftest import ROOT, set_connection
from tests.airflow.webhook import Webhook, running_webhook
from tests.backups import opened
from tests.clock import now
from tests.mail_text import text_of
from tests.uncounted import COVERED

if TYPE_CHECKING:
    from demo.seaweed import SeaweedS3
    from tests.servers import CaughtMail

NAMES = ("blog", "shop")
_MOST = 40
_NOTIFIER = {
    "class": "airflow.providers.http.notifications.http.HttpNotifier",
    "http_conn_id": "pager",
    "json": {"key": "{{ alert.target }}"},
}


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with running_webhook() as running:
        set_connection(monkeypatch, "pager", conn_type="http", host="127.0.0.1", port=running.port, schema="http")
        yield running


@dataclass
class Watches:
    """The watch of two targets without a backup, each with an alert that its notifier has not taken."""

    process: subprocess.Popen[str]
    include: Path
    store: SeaweedS3
    told: Path

    def run(self, memory: str, passed: list[str] | None) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"memory": memory, "passed": passed, "told": str(self.told)}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def lost_alerts(self) -> int:
        kept = 0
        for target in read_targets(self.include).targets.values():
            with opened(target, self.store) as bucket:
                kept += len(left_by_tasks(bucket, target).alerts)
        return kept

    def lose_alerts(self) -> None:
        for target in read_targets(self.include).targets.values():
            with opened(target, self.store) as bucket:
                for lost in left_by_tasks(bucket, target).alerts:
                    delete_notification(bucket, target, lost)
                put_notification(
                    bucket,
                    target,
                    Notification(
                        target=target.name,
                        notifier="oncall",
                        moment=now() - timedelta(hours=1),
                        subject=f"[dbops] FAILED backup of {target.name}",
                        run="test",
                        refusal="It answered 500.",
                    ),
                )


@pytest.fixture
def watched(include: Path, add_target: Callable[..., None], bucket_name: str) -> Path:
    (include / "notifiers.yaml").write_text(json.dumps({"oncall": _NOTIFIER}), encoding="utf-8")
    for name in NAMES:
        add_target(
            name,
            storage={"bucket": bucket_name, "connection": "store"},
            alerts={"recipients": ["dba@shop.internal"], "notify": ["oncall"]},
        )
    return include


@pytest.fixture
def watches(watched: Path, store: SeaweedS3, tmp_path: Path) -> Iterator[Watches]:
    environment = {name: value for name, value in os.environ.items() if name != COVERED}
    with (
        (tmp_path / "watches.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.airflow.dying_watch"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield Watches(process, watched, store, tmp_path / "told")
        finally:
            assert process.stdin is not None
            process.stdin.close()


@pytest.mark.timeout(900)  # as many runs as there are steps, on a machine that may be busy
def test_killed_at_any_step_the_next_watch_tells_everything_and_repeats_one_mail_at_most(
    mail: CaughtMail,
    hook: Webhook,
    watches: Watches,  # the last one: its process is told where the others are
) -> None:
    died_at: list[str] = []
    seen = 0
    while True:
        assert len(died_at) < _MOST, died_at
        watches.lose_alerts()
        hook.received.clear()
        memory = f"killed-{len(died_at)}"
        status = watches.run(memory, died_at)
        if status != -signal.SIGKILL:
            break
        died_at.append(watches.told.read_text("utf-8"))
        assert watches.run(memory, None) == 0, died_at[-1]
        assert watches.lost_alerts() == 0, died_at[-1]  # else they were told again in a day
        arrived = mail.messages()[seen:]
        seen += len(arrived)
        mails = Counter(str(message["Subject"]) for message in arrived)
        assert set(mails) == {f"[dbops] MISSING backup of {name} (production)" for name in NAMES}, died_at[-1]
        assert sum(mails.values()) <= len(NAMES) + 1, (died_at[-1], mails)
        for name in NAMES:  # what the notifier had missed is told as well
            assert any("did not take" in text_of(one) for one in arrived if name in one["Subject"]), died_at[-1]
        calls = Counter(body["key"] for body in hook.received)
        assert set(calls) == set(NAMES), died_at[-1]
        assert sum(calls.values()) <= len(NAMES) + 1, (died_at[-1], calls)
    assert status == 0
    kinds = Counter(step.split()[0] for step in died_at)
    assert set(kinds) == {"mail", "notify", "remember", "forget", "end"}, died_at
    assert kinds["mail"] == kinds["notify"] == kinds["forget"] == len(NAMES), died_at
    assert kinds["remember"] == 2 * len(NAMES) + 1, died_at  # the targets that it knows are the last
