"""Metrics: gauges through Airflow's own Stats, to StatsD or OpenTelemetry, whichever Airflow is configured for.

Nothing in here ever raises: what cannot be measured is said in the log, and the watch sends all of it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dbops.jobs.each_apart import each_apart
from dbops.jobs.error_in_words import error_in_words
from dbops_airflow import connections

if TYPE_CHECKING:
    from dbops.domain.target import Target
    from dbops.domain.watch.gauges import Gauge
    from dbops.domain.watch.report import WatchReport

log = logging.getLogger(__name__)


def emit_target(target: Target) -> None:
    """Send what the bucket says of one target now: at the end of each job that may have changed it."""
    if _is_on():
        emit(_measured([target]))


def emit_watch(report: WatchReport, targets: Mapping[str, Target]) -> None:
    """Send what a watch found, and all of every target, so that a restarted exporter, say, has it again."""
    from dbops.domain.watch.gauges import watch_gauges

    if _is_on():
        emit([*_measured(targets.values()), *watch_gauges(report, targets)])


def emit(gauges: Iterable[Gauge]) -> None:
    """Hand them to Airflow's Stats: with tags where these arrive, else with the tags' values behind the name."""
    try:
        # Where it lies has changed with each Airflow since 3.1; the providers' compatibility layer knows.
        from airflow.providers.common.compat.sdk import Stats

        is_tagged = _tags_arrive()
        for gauge in gauges:
            if is_tagged:
                Stats.gauge(gauge.name, gauge.value, tags=gauge.tags)
            else:
                Stats.gauge(gauge.dotted, gauge.value)
    except Exception:
        log.warning("The metrics were not sent.", exc_info=True)


def _measured(targets: Iterable[Target]) -> list[Gauge]:
    from dbops.jobs.watch.measure_target import measure_target

    measured = each_apart(
        targets, lambda target: measure_target(target, connections.open_bucket(target)), _not_measured
    )
    return [gauge for each in measured for gauge in each]


def _not_measured(target: Target, error: Exception) -> list[Gauge]:
    log.warning("There are no metrics of %s: %s", target.name, error_in_words(error, f"measuring {target.name}"))
    return []


def _is_on() -> bool:
    return any(_is_set(option) for option in ("statsd_on", "statsd_datadog_enabled", "otel_on"))


def _tags_arrive() -> bool:
    """Plain StatsD knows no tags, and Airflow drops them: every target would be written over the one before."""
    if _is_set("statsd_datadog_enabled"):
        return _is_set("statsd_datadog_metrics_tags", fallback=True)
    return not _is_set("statsd_on") or _is_set("statsd_influxdb_enabled")


def _is_set(option: str, *, fallback: bool = False) -> bool:
    from dbops_airflow.airflow_versions import conf

    return bool(conf.getboolean("metrics", option, fallback=fallback))
