"""What the embedded servers do when something is in their way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from demo import ports
from demo.errors import ComponentFailed, DemoError
from demo.mail_catcher import MailCatcher
from demo.postgres import EmbeddedPostgres
from demo.processes import Daemon, ProcessRecord, stop_marked
from demo.seaweed import SeaweedS3


@pytest.fixture
def taken_port() -> Iterator[int]:
    port = ports.choose_port()
    with socket.create_server(("127.0.0.1", port)):
        yield port


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def test_postgresql_names_the_port_that_is_taken_and_leaves_nothing_running(tmp_path: Path, taken_port: int) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", port=taken_port)

    with pytest.raises(DemoError, match=f"Port {taken_port} .* in use by another program"):
        server.start()

    assert not server.is_running()
    server.destroy()


def test_seaweedfs_names_the_port_that_is_taken_also_when_it_is_the_companion(tmp_path: Path, taken_port: int) -> None:
    listeners = {name: ports.choose_port() for name in ("s3", "master", "volume")}
    server = SeaweedS3(tmp_path / "s3", listeners={**listeners, "filer": taken_port - ports.GRPC_OFFSET})

    with pytest.raises(DemoError, match=f"Port {taken_port} .* in use by another program"):
        server.start()

    assert not server.is_running()


def test_the_mail_catcher_names_the_port_that_is_taken(tmp_path: Path, taken_port: int) -> None:
    server = MailCatcher(tmp_path / "mail", port=taken_port)

    with pytest.raises(DemoError, match=f"Port {taken_port} .* in use by another program"):
        server.start()

    assert not server.is_running()


def test_a_server_that_cannot_start_shows_the_end_of_its_log_and_leaves_nothing_behind(tmp_path: Path) -> None:
    server = EmbeddedPostgres(
        tmp_path / "pg", port=ports.choose_port(), settings={"shared_buffers": "nonsense"}, password="hunter2"
    )

    with pytest.raises(ComponentFailed, match="stopped while it was starting") as failure:
        server.start()

    assert "shared_buffers" in failure.value.log_tail
    assert not server.is_running()
    server.destroy()
    assert not server.directory.exists()


def test_the_end_of_a_log_holds_no_password(tmp_path: Path) -> None:
    daemon = Daemon("server", tmp_path, tmp_path / "log")
    script = "print('connecting with hunter2'); raise SystemExit(1)"
    daemon.start([sys.executable, "-c", script], env=os.environ, cwd=tmp_path)

    with pytest.raises(ComponentFailed) as failure:
        daemon.wait_ready(lambda: False, seconds=30, secrets=["hunter2"])

    assert "connecting with ********" in str(failure.value)
    daemon.stop()


def test_a_server_that_never_answers_is_given_up_on_and_can_be_stopped(tmp_path: Path) -> None:
    daemon = Daemon("server", tmp_path, tmp_path / "log")
    daemon.start([sys.executable, "-c", "import time; time.sleep(600)"], env=os.environ, cwd=tmp_path)

    with pytest.raises(ComponentFailed, match="did not answer within 0 seconds"):
        daemon.wait_ready(lambda: False, seconds=0.2)

    daemon.stop()
    assert not daemon.is_running()


def test_a_server_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    daemon = Daemon("server", tmp_path, tmp_path / "log")
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    daemon.start([sys.executable, "-c", script], env=os.environ, cwd=tmp_path)
    daemon.wait_ready(lambda: "up" in daemon.log_tail(), seconds=30)

    daemon.stop(grace=0.2)

    assert not daemon.is_running()


def test_a_stranger_that_inherited_a_process_id_is_not_killed(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    record = ProcessRecord.of(stranger.pid)
    assert record is not None
    remembered = ProcessRecord(record.pid, record.start_ticks - 1, record.boot_id)
    (tmp_path / "server.process.json").write_text(json.dumps(asdict(remembered)))
    daemon = Daemon("server", tmp_path, tmp_path / "log")

    assert not daemon.is_running()
    daemon.stop()

    assert stranger.poll() is None


def test_what_a_killed_server_leaves_behind_is_found_by_its_mark_and_strangers_are_not(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    mark = f"DBOPS_TEST_MARK={tmp_path.name}"
    name, _, value = mark.partition("=")
    script = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " start_new_session=True); print(child.pid, flush=True); child.wait()"
    )
    daemon = Daemon("server", tmp_path, tmp_path / "log")
    daemon.start([sys.executable, "-c", script], env={**os.environ, name: value}, cwd=tmp_path)
    daemon.wait_ready(lambda: daemon.log_tail().isdigit(), seconds=30)
    orphan = ProcessRecord.of(int(daemon.log_tail()))
    daemon.stop(first=signal.SIGKILL)
    assert orphan is not None
    assert orphan.is_running()

    stop_marked(mark)

    assert not orphan.is_running()
    assert stranger.poll() is None


def test_data_of_another_password_are_said_to_be_so(tmp_path: Path) -> None:
    port = ports.choose_port()
    first = EmbeddedPostgres(tmp_path / "pg", port=port, settings={"fsync": "off"})
    first.start()
    first.stop()

    with pytest.raises(DemoError, match="created with another password"):
        EmbeddedPostgres(tmp_path / "pg", port=port).start()

    assert not first.is_running()
    first.destroy()


def test_data_whose_creation_was_interrupted_are_created_anew(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", port=ports.choose_port(), settings={"fsync": "off"})
    (server.home / "data.unfinished").mkdir(parents=True)
    (server.home / "data.unfinished" / "PG_VERSION").write_text("17")

    server.start()

    assert server.is_running()
    server.destroy()
