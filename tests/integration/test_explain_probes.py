"""Promise: what is not well is explained with what can be had, and nobody waits for a time limit twice."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.probes import Drawn, Probe, Statement
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.measurement import Measured, Measurement
from dbops.domain.probes.run import ProbeResult, ProbeRun
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DatabaseError
from dbops.gateways.probing.session import APPLICATION_NAME
from dbops.jobs.probes.explain_probes import Explanation, explain_probes
from tests.backups import execute, target
from tests.unit.probe_samples import probe_run

FAST, SLOW = Latency.of([10**6]), Latency.of([10**9])
KINDS = (Drawn("heavy", {"note": "a"}), Drawn("light", {"note": "b"}))


@pytest.fixture
def orders(empty_database: str) -> str:
    execute(
        empty_database,
        "CREATE TABLE orders (id int PRIMARY KEY, note text)",
        "INSERT INTO orders SELECT n, 'note ' || n FROM generate_series(1, 5000) n",
        "CREATE SEQUENCE executed",
        "ANALYZE orders",
    )
    return empty_database


def probe(*statements: str, writes: bool = True) -> Probe:
    listed = tuple(Statement(sql, line=number) for number, sql in enumerate(statements, 5))
    return Probe(name="orders_kept", title="t", model="m", budget_ms=50, statements=listed, writes=writes)


def explained(
    url: str, of: Probe, include: Path, *, history: tuple[ProbeRun, ...] = (), timeout: str = "10s", **measured: Any
) -> Explanation:
    one = Measured(**{"probe": of.name, "asked": 40, "latency": SLOW, "drawn": KINDS, "slowest": KINDS[1], **measured})
    result = ProbeResult(
        probe=of.name,
        title="t",
        model="m",
        budget_ms=50,
        asked=one.asked,
        latency=one.latency,
        errors=one.errors,
        error=one.error,
    )
    document = {
        **target("bucket").model_dump(mode="json", exclude_unset=True),
        "probes": {"statement_timeout": timeout},
    }
    return explain_probes(
        Target.model_validate(document),
        DatabaseAddress.from_url(url),
        [of],
        Measurement(measured=(one,), round_trip=FAST, connect=FAST),
        results=[result],
        history=history,
        include=include,
    )


def times_executed(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM executed").fetchone()
    assert row is not None
    return int(row[0])


SLEEPING = "SELECT nextval('executed'), pg_sleep(60), * FROM orders WHERE note = %(note)s OR id = 1"


def test_every_kind_and_the_slowest_sample_are_executed_once_more(orders: str, tmp_path: Path) -> None:
    found = explained(
        orders, probe("SELECT nextval('executed') FROM generate_series(1, 1) WHERE %(note)s <> ''"), tmp_path
    )

    assert times_executed(orders) == 3
    (plan,) = found.results[0].explained
    assert (plan.kind, found.notes) == ("light", ())
    assert "actual time" in plan.text
    assert set(found.results[0].shapes) == {"heavy", "light"}


def test_what_ran_into_a_time_limit_once_is_not_executed_again(orders: str, tmp_path: Path) -> None:
    found = explained(orders, probe(SLEEPING), tmp_path, timeout="300ms")

    assert times_executed(orders) == 1
    (plan,) = found.results[0].explained
    assert "actual time" not in plan.text
    assert set(found.results[0].shapes) == {"heavy", "light"}
    assert found.notes == ()


@pytest.mark.parametrize(
    "measured",
    [
        {"asked": 3, "errors": 3, "latency": None, "slowest": Drawn()},
        {"asked": 9, "errors": 3},
    ],
    ids=["never succeeded", "gave up"],
)
def test_what_has_run_into_time_limits_when_it_was_measured_is_not_executed(
    orders: str, tmp_path: Path, measured: dict[str, Any]
) -> None:
    found = explained(orders, probe(SLEEPING), tmp_path, **measured)

    assert times_executed(orders) == 0
    (plan,) = found.results[0].explained
    assert plan.shape == "Seq Scan on orders (id, note)"


def test_an_operation_that_never_succeeded_has_its_plan_by_real_parameters_and_advice(
    orders: str, tmp_path: Path
) -> None:
    asked = probe("SELECT nextval('executed') FROM orders WHERE note = %(note)s")

    found = explained(orders, asked, tmp_path, asked=3, errors=3, latency=None, slowest=Drawn())

    (result,) = found.results
    assert [plan.kind for plan in result.explained] == ["heavy"]
    assert [one.kind for one in result.advice] == ["missing_index"]
    assert found.proposals[0].name == "orders_note_idx"


def test_a_statement_shows_what_its_plan_was_only_where_that_was_another_one(orders: str, tmp_path: Path) -> None:
    asked = probe("SELECT * FROM orders WHERE id = 7", "SELECT %(note)s")
    (well,) = explained(orders, asked, tmp_path, latency=FAST).results
    assert well.is_well
    execute(orders, "ALTER TABLE orders DROP CONSTRAINT orders_pkey")

    found = explained(orders, asked, tmp_path, history=(probe_run(well),))

    first, second = found.results[0].explained
    assert (first.before, first.shape) == ("Index Scan on orders by orders_pkey (id)", "Seq Scan on orders (id)")
    assert second.before == ""
    assert "line 5" in next(one.sentence for one in found.results[0].advice if one.kind == "plan_changed")


def test_what_a_trigger_takes_is_advised(orders: str, tmp_path: Path) -> None:
    execute(
        orders,
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END$$",
        "CREATE TRIGGER slow BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION slow()",
    )
    found = explained(orders, probe("UPDATE orders SET note = %(note)s WHERE id = 7"), tmp_path)

    assert [one.kind for one in found.results[0].advice] == ["trigger"]
    assert found.results[0].advice[0].sentence.startswith("The trigger slow of orders took ")


def test_what_cannot_be_explained_is_told_once(orders: str, tmp_path: Path) -> None:
    found = explained(orders, probe("SELECT * FROM gone"), tmp_path, latency=None, errors=40, slowest=Drawn())

    assert found.notes == (
        'The statement in line 5 of probe orders_kept could not be explained: relation "gone" does not exist.',
    )
    assert found.results[0].explained == ()


def test_that_it_fails_is_not_told_again_where_measuring_has_told_it(orders: str, tmp_path: Path) -> None:
    said = 'relation "gone" does not exist'

    found = explained(
        orders, probe("SELECT * FROM gone"), tmp_path, latency=None, errors=40, error=said, slowest=Drawn()
    )

    assert found.notes == ()


@dataclass
class Refusing:
    """A server that lets nobody in, and remembers how everybody introduced themselves."""

    listener: socket.socket
    met: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"postgresql://ada@127.0.0.1:{self.listener.getsockname()[1]}/shop?sslmode=disable&gssencmode=disable"

    def serve(self) -> None:
        fields = b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # the test is over
                return
            with connection:
                self.met.append(connection.recv(8192))
                connection.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)


@contextmanager
def refusing() -> Iterator[Refusing]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Refusing(listener)
        serving = threading.Thread(target=server.serve)
        serving.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()


def test_a_server_that_lets_nobody_in_is_asked_once_for_each_probe(tmp_path: Path) -> None:
    with refusing() as server, pytest.raises(DatabaseError, match="starting up"):
        explained(server.url, probe("SELECT 1"), tmp_path)

    assert sum(APPLICATION_NAME.encode() in hello for hello in server.met) == 1
