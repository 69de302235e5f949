"""A load on a real server: what it finds out, that it takes no connection that others need, and leaves none behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.load.report import LoadReport
from dbops.domain.probes import Drawn, Probe, Statement
from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.jobs.probes.probe_load import probe_load
from demo.postgres import EmbeddedPostgres
from tests.backups import execute
from tests.servers import running_postgres
from tests.unit.samples import target

SECRET = "row-4711"
ITEMS = (
    "CREATE TABLE item AS SELECT n AS id, 'row-' || n AS name FROM generate_series(1, 5000) AS n",
    "CREATE UNIQUE INDEX ON item (id)",
    "ANALYZE item",
)
OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbops probe'"


def probe(name: str, *statements: str, parameters: tuple[str, ...] = (), **changed: Any) -> Probe:
    texts = tuple(Statement(sql, parameters) for sql in statements)
    return Probe(name=name, title=name, model="Item", budget_ms=10, statements=texts, **changed)


BY_ID = probe("item by id", "SELECT * FROM item WHERE id = %(id)s", parameters=("id",))
BY_NAME = probe(
    "item by name",
    "SELECT count(*) FROM item WHERE name = %(name)s AND id %% 2 < 5",
    "SELECT 7 %% 2",
    parameters=("name",),
)
WITHOUT = probe("remainder", "SELECT 7 %% 2")
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(600)'"
PARAMETERS = {
    "item by id": [Drawn("hit", {"id": 1}), Drawn("miss", {"id": -1})],
    "item by name": [Drawn("hit", {"name": SECRET})],
}


def load(
    url: str,
    *probes: Probe,
    steps: Sequence[int] = (1, 2, 5),
    seconds: float = 0.5,
    parameters: dict[str, list[Drawn]] = PARAMETERS,
    tell: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> LoadReport:
    return probe_load(
        target(probes=options),
        DatabaseAddress.from_url(url),
        probes,
        draw=lambda _address, wanted, _options: [(one, parameters.get(one.name, [])) for one in wanted],
        clock=lambda: datetime.now(UTC),
        steps=steps,
        seconds=seconds,
        tell=tell,
    )


def sleep(url: str, statement_timeout: str) -> None:
    """A load of 5 connections that soon are all asleep; the first execution, which tries the probe, is not."""
    sleeping = probe("sleeping", "SELECT pg_sleep(%(seconds)s)", parameters=("seconds",))
    parameters = {"sleeping": [Drawn("quick", {"seconds": 0}), Drawn("slow", {"seconds": 600})]}
    load(url, sleeping, steps=(5,), parameters=parameters, statement_timeout=statement_timeout)


def ask(url: str, query: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def is_soon(url: str, query: str, wanted: int) -> bool:
    """Whether the server comes to answer that, for it needs a moment to take note of an ended session."""
    until = time.monotonic() + 30
    while ask(url, query) != wanted:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


@contextmanager
def silenceable(url: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """A URL that leads to the same server, and what makes all its connections swallow every byte."""
    silent = threading.Event()
    server = psycopg.conninfo.conninfo_to_dict(url)
    ends: list[socket.socket] = []

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not silent.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                there = socket.create_connection((str(server["host"]), int(str(server["port"]))))
                ends.extend((client, there))
                for pair in ((client, there), (there, client)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield psycopg.conninfo.make_conninfo(url, port=listener.getsockname()[1]), silent.set
        finally:
            for end in ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def items(empty_database: str) -> str:
    """The URL of a database with some rows."""
    execute(empty_database, *ITEMS)
    return empty_database


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of 12 connections, of which 3 are reserved, so that 3 of the other 9 are left to others."""
    with running_postgres(
        tmp_path_factory.mktemp("small"), max_connections="12", max_wal_senders="0", superuser_reserved_connections="3"
    ) as server:
        yield server


def test_each_step_has_its_throughput_its_latencies_and_its_share_of_the_worker(items: str) -> None:
    report = load(items, BY_ID, BY_NAME, WITHOUT)
    assert [step.connections for step in report.steps] == [1, 2, 5]
    for step in report.steps:
        assert step.throughput > 0
        assert step.errors == 0
        assert step.response.count >= step.service.count >= 1
        assert step.response.max >= step.service.p50
        assert step.worker_cpu > 0
    assert [step.connect.count for step in report.steps] == [1, 1, 3]
    assert report.notes == ()
    assert report.verdict is Verdict.OK
    assert report.probes == ("item by id", "item by name", "remainder")
    assert report.most_used >= report.limits.used + 5
    assert report.local
    assert report.advice is not None
    assert is_soon(items, OURS, 0)


def test_its_sessions_are_those_of_the_weekly_probes(items: str) -> None:
    wanted = {
        "application_name": "dbops probe",
        "timezone": "UTC",
        "default_transaction_read_only": "on",
        "statement_timeout": "9s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "10s",
    }
    same = " AND ".join(f"current_setting('{name}') = '{value}'" for name, value in wanted.items())
    report = load(
        items, probe("settings", f"SELECT 1 / ({same})::int"), steps=(1,), statement_timeout="9s", lock_timeout="3s"
    )
    assert report.verdict is Verdict.OK


def test_no_row_reaches_the_report(items: str) -> None:
    report = load(items, BY_NAME, steps=(1,))
    assert SECRET not in report.to_json() + report.markdown() + repr(report)


def test_probes_that_write_are_left_out_and_one_that_does_so_in_secret_is_refused_by_the_server(items: str) -> None:
    execute(
        items,
        "CREATE FUNCTION add_item() RETURNS int LANGUAGE sql AS $$INSERT INTO item VALUES (0, 'new') RETURNING id$$",
    )
    writing = probe("write", "INSERT INTO item VALUES (0, 'new')", writes=True)
    in_secret = probe("in secret", "SELECT add_item()")
    report = load(items, BY_ID, writing, in_secret, steps=(1, 2))
    assert report.probes == ("item by id", "in secret")
    assert report.notes == ("Probe in secret was left out because it failed: read only sql transaction (25006).",)
    assert len(report.steps) == 2
    assert ask(items, "SELECT count(*) FROM item WHERE id = 0") == 0


def test_where_no_probe_works_it_says_why(items: str) -> None:
    with pytest.raises(DatabaseError, match=r"No probe could be executed.*undefined table \(42P01\)"):
        load(items, probe("nothing", "SELECT * FROM nowhere"))
    assert is_soon(items, OURS, 0)


def test_a_step_that_does_not_fit_beside_what_others_need_is_left_out(small_server: EmbeddedPostgres) -> None:
    url = small_server.url()
    assert is_soon(url, OURS, 0)
    report = load(url, WITHOUT, steps=(1, 2, 5, 10, 25))
    assert [step.connections for step in report.steps] == [1, 2, 5]
    (note,) = report.notes
    assert note.startswith("The steps with 10 and 25 connections were left out:")
    assert "of the 9 connections of the server were in use, ours among them, and 3 are left to others" in note
    assert report.most_used <= 7
    assert report.least_free >= 2
    assert not report.is_exhausted
    assert "Connections were never exhausted" in report.markdown()
    assert is_soon(url, OURS, 0)


def test_when_others_need_connections_it_gives_all_back_at_once(small_server: EmbeddedPostgres) -> None:
    url = small_server.url()
    with ExitStack() as others:

        def come(_step: str) -> None:
            for _ in range(2):
                others.enter_context(psycopg.connect(url))

        report = load(url, WITHOUT, steps=(5,), seconds=1000, tell=come)
        assert "other clients needed connections" in report.stopped
        assert "3 are left to others" in report.stopped
        assert report.steps == ()
        assert report.verdict is Verdict.WARNING
        assert is_soon(url, OURS, 0)


@pytest.mark.parametrize("of", ["ROLE", "DATABASE"])
def test_the_connection_limit_of_a_role_and_of_a_database_is_kept_too(
    postgres_server: EmbeddedPostgres, items: str, of: str
) -> None:
    name = psycopg.conninfo.conninfo_to_dict(items)["dbname"]
    postgres_server.create_role(f"limited_{name}", "word")
    owner = f"limited_{name}" if of == "ROLE" else name
    execute(items, f'ALTER {of} "{owner}" CONNECTION LIMIT 5')
    execute(items, f'GRANT SELECT ON item TO "limited_{name}"')
    try:
        report = load(postgres_server.url(str(name), user=f"limited_{name}", password="word"), BY_ID)
        assert [step.connections for step in report.steps] == [1, 2]
        whose = "our role" if of == "ROLE" else "the database"
        (note,) = report.notes
        assert f"of the 5 connections of {whose} were in use" in note
        assert report.least_free >= 1
        assert is_soon(items, OURS, 0)
    finally:
        execute(items, f'DROP OWNED BY "limited_{name}"', f'DROP ROLE "limited_{name}"')


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_every_statement_and_leaves_no_session(items: str, number: int) -> None:
    def interrupt() -> None:
        assert is_soon(items, ASLEEP, 5)
        os.kill(os.getpid(), number)

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    kept = signal.signal(number, stop)  # what ran in this process before may have put another there
    try:
        with meanwhile(interrupt), pytest.raises(KeyboardInterrupt):
            sleep(items, "10m")
    finally:
        signal.signal(number, kept)
    assert is_soon(items, OURS, 0)


def test_a_killed_worker_leaves_sessions_that_end_with_their_statement(items: str) -> None:
    script = "import os; from tests.integration.test_probe_load import sleep; sleep(os.environ['ITEMS'], '10s')"
    root = Path(__file__).parents[2]
    surroundings = {**os.environ, "ITEMS": items, "PYTHONPATH": f"{root / 'plugins'}:{root}"}
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, env=surroundings) as worker:
        assert is_soon(items, ASLEEP, 5)
        worker.kill()
    assert is_soon(items, OURS, 0)


def test_a_server_that_falls_silent_is_not_waited_for(items: str) -> None:
    with silenceable(items) as (url, silence), pytest.raises(DatabaseError, match="cannot be used"):
        load(url, BY_ID, steps=(2,), seconds=1000, tell=lambda _: silence())
    assert is_soon(items, OURS, 0)


def test_errors_that_rise_end_it_and_are_told_without_a_value(items: str) -> None:
    dividing = probe("dividing", "SELECT 4711 / %(by)s", parameters=("by",))
    parameters = {"dividing": [Drawn("well", {"by": 1}), Drawn("ill", {"by": 0})]}
    report = load(items, dividing, steps=(2, 5), seconds=1000, parameters=parameters)
    assert "errors rose" in report.stopped
    assert "the last of dividing: division by zero (22012)" in report.stopped
    assert report.steps == ()
    assert is_soon(items, OURS, 0)


def test_a_session_that_the_server_ends_ends_all_of_it(items: str) -> None:
    one = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE '%FROM item WHERE id%' AND pid <> pg_backend_pid() LIMIT 1"  # which asks for itself, too
    )

    def terminate() -> None:
        assert is_soon(items, OURS, 4)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with psycopg.connect(items) as connection:
                if connection.execute(one.encode()).fetchone():
                    return
        raise AssertionError("no session asked")

    with meanwhile(terminate):
        report = load(items, BY_ID, steps=(3,), seconds=1000)
    assert "the server ended a session of ours" in report.stopped
    assert is_soon(items, OURS, 0)


def test_a_server_that_cannot_be_reached_is_told_as_everywhere(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be used"):
        load(f"postgresql:///shop?host={tmp_path}", WITHOUT)
