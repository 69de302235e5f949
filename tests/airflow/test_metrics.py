"""Metrics go through Airflow's own Stats, whatever it is configured for, at the end of a job and with every watch."""

from __future__ import annotations

import atexit
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from dbops.domain.watch.gauges import Gauge
from demo.seaweed import SeaweedS3
from tests.airflow.conftest import states

_SHOP = Gauge("dbops.backup.rows", 1234, "shop")
_LIST = Gauge("dbops.probe.p95_seconds", 0.0125, "shop", "list_newest")
_WATCH = Gauge("dbops.watch.finished_timestamp_seconds", 1764000000.5)


class Listener:
    """A StatsD server: ``lines`` are what arrived."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.port: int = self._socket.getsockname()[1]

    def lines(self) -> list[str]:
        """All that has arrived since the last call."""
        end = b"the end of this test's own"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(end, ("127.0.0.1", self.port))
        arrived: list[str] = []
        while (datagram := self._socket.recv(65536)) != end:
            arrived += datagram.decode().splitlines()
        return arrived

    def ours(self) -> dict[str, str]:
        """Those of dbops: what stands before the value, and the rest."""
        return {line.partition(":")[0]: line.partition(":")[2] for line in self.lines() if ".dbops." in line}

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.close()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets options of Airflow's [metrics], and lets Stats begin as in the process of a task."""
    from airflow.sdk._shared.observability.metrics import stats as shared
    from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
    from airflow.sdk.configuration import conf
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    def start(**options: object) -> None:
        for name, value in options.items():
            monkeypatch.setenv(f"AIRFLOW__METRICS__{name.upper()}", str(value))
        stats.initialize(factory=get_stats_factory(), export_legacy_names=conf.getboolean("metrics", "legacy_names_on"))

    yield start
    for client in ("statsd", "dogstatsd"):
        used = getattr(shared._backend, client, None)
        if used is not None:
            (used.close if client == "statsd" else used.stop)()
    stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


def _emit(*gauges: Gauge) -> None:
    from dbops_airflow.metrics import emit

    emit(gauges)


def test_plain_statsd_has_the_target_behind_the_name_for_it_knows_no_tags(
    listener: Listener, configure: Callable[..., None]
) -> None:
    configure(statsd_on=True, statsd_host="127.0.0.1", statsd_port=listener.port)
    _emit(_SHOP, _LIST, _WATCH)
    assert listener.ours() == {
        "airflow.dbops.backup.rows.shop": "1234|g",
        "airflow.dbops.probe.p95_seconds.shop.list_newest": "0.0125|g",
        "airflow.dbops.watch.finished_timestamp_seconds": "1764000000.5|g",
    }


def test_statsd_with_the_tags_of_influxdb_has_them_as_tags(listener: Listener, configure: Callable[..., None]) -> None:
    configure(statsd_on=True, statsd_host="127.0.0.1", statsd_port=listener.port, statsd_influxdb_enabled=True)
    _emit(_SHOP, _LIST, _WATCH)
    assert listener.ours() == {
        "airflow.dbops.backup.rows,target=shop": "1234|g",
        "airflow.dbops.probe.p95_seconds,target=shop,probe=list_newest": "0.0125|g",
        "airflow.dbops.watch.finished_timestamp_seconds": "1764000000.5|g",
    }


def test_datadog_has_them_as_tags_too(listener: Listener, configure: Callable[..., None]) -> None:
    configure(statsd_datadog_enabled=True, statsd_host="127.0.0.1", statsd_port=listener.port)
    _emit(_SHOP, _LIST)
    from airflow.sdk._shared.observability.metrics import stats

    backend: Any = stats._get_backend()
    backend.dogstatsd.flush()
    assert listener.ours() == {
        "airflow.dbops.backup.rows": "1234|g|#target:shop",
        "airflow.dbops.probe.p95_seconds": "0.0125|g|#target:shop,probe:list_newest",
    }


def test_opentelemetry_has_them_as_attributes(configure: Callable[..., None]) -> None:
    from airflow.sdk._shared.observability.metrics import otel_logger
    from opentelemetry import metrics
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    flush: Callable[[], None] = otel_logger.flush_otel_metrics
    bodies: list[bytes] = []

    class _Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            pass

    server = HTTPServer(("127.0.0.1", 0), _Collector)
    thread = threading.Thread(target=server.serve_forever, name="collector")
    thread.start()
    try:
        configure(otel_on=True, otel_host="127.0.0.1", otel_port=server.server_port)
        _emit(_SHOP, _LIST)
        provider: Any = metrics.get_meter_provider()
        flush()  # what the end of a task's process calls
        provider.shutdown()
    finally:
        atexit.unregister(flush)
        server.shutdown()
        thread.join()
        server.server_close()
    seen = {}
    for body in bodies:
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for metric in (one for scope in resource.scope_metrics for one in scope.metrics):
                for point in metric.gauge.data_points:
                    tags = tuple((tag.key, tag.value.string_value) for tag in point.attributes)
                    seen[metric.name, tags] = point.as_double or point.as_int
    assert seen["airflow.dbops.backup.rows", (("target", "shop"),)] == 1234
    assert seen["airflow.dbops.probe.p95_seconds", (("target", "shop"), ("probe", "list_newest"))] == 0.0125


def test_a_backup_and_each_watch_send_what_the_bucket_shows(
    listener: Listener,
    configure: Callable[..., None],
    database: str,
    store: SeaweedS3,
    shop_with_rows: Callable[[str], Any],
) -> None:
    configure(statsd_on=True, statsd_host="127.0.0.1", statsd_port=listener.port)
    run = shop_with_rows("backup__shop")
    assert states(run) == {"back_up": "success", "expire": "success"}
    sent = {name.removeprefix("airflow."): float(value.removesuffix("|g")) for name, value in listener.ours().items()}
    assert sent["dbops.backup.rows.shop"] == 3
    assert sent["dbops.backup.good.shop"] == 1
    assert sent["dbops.backup.promised_seconds.shop"] == 26 * 3600
    assert sent["dbops.backup.stored_bytes.shop"] > 0
    assert sent["dbops.backup.database_bytes.shop"] > sent["dbops.backup.stored_bytes.shop"]
    began, ended = run.start_date.timestamp(), run.end_date.timestamp()
    assert began - 1 <= sent["dbops.backup.finished_timestamp_seconds.shop"] <= ended + 1
    assert "dbops.recovery.duration_seconds.shop" not in sent, "what was never measured has no number"

    assert states(shop_with_rows("watch")) == {"watch": "success"}
    again = {name.removeprefix("airflow."): float(value.removesuffix("|g")) for name, value in listener.ours().items()}
    assert again.items() >= sent.items()
    assert again["dbops.target.problems.shop"] == again["dbops.watch.problems"] == 0
    assert again["dbops.watch.targets"] == 1
    assert list(again)[-1] == "dbops.watch.finished_timestamp_seconds", "it says that all others were sent before"


@pytest.fixture
def shop_with_rows(
    database: str,
    bucket_name: str,
    add_target: Callable[..., None],
    run_dag: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Any]:
    """Runs a DAG; the target shop has a table of three rows."""
    import psycopg

    from dbops_airflow import watch_memory

    monkeypatch.setattr(watch_memory, "_MAILED", f"mailed-{id(monkeypatch)}")
    monkeypatch.setattr(watch_memory, "_KNOWN", f"known-{id(monkeypatch)}")
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1), (2), (3)")
    add_target("shop", storage={"bucket": bucket_name, "connection": "store"})
    return run_dag


@pytest.mark.usefixtures("store")
def test_where_airflow_sends_no_metrics_the_bucket_is_not_even_asked(
    add_target: Callable[..., None], bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops.gateways.files.target_files import include_folder, read_targets
    from dbops_airflow import connections, metrics

    add_target("shop", storage={"bucket": bucket_name, "connection": "store"})
    asked: list[str] = []
    monkeypatch.setattr(connections, "open_bucket", lambda target: asked.append(target.name))
    metrics.emit_target(read_targets(include_folder()).target("shop"))
    assert asked == []


def test_a_store_that_does_not_answer_costs_nothing_but_the_metrics(
    listener: Listener,
    configure: Callable[..., None],
    add_target: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    from dbops.gateways.files.target_files import include_folder, read_targets
    from dbops_airflow import metrics

    configure(statsd_on=True, statsd_host="127.0.0.1", statsd_port=listener.port)
    add_target("shop", storage={"bucket": "backups", "connection": "nobody_defines_this"})
    metrics.emit_target(read_targets(include_folder()).target("shop"))
    assert listener.ours() == {}
    assert "There are no metrics of shop: " in caplog.text
