"""LoadReport: what a server did under load, where it saturates, and which pool follows from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.load.pool_advice import PoolAdvice, PoolSetting
from dbops.domain.load.steps import LoadStep
from dbops.domain.report import Report, Verdict
from dbops.domain.servers.connection_limits import ConnectionLimits
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import code_span, plain_text
from dbops.domain.words.quantities import format_count

_HEAD = (
    "connections",
    "requests/s",
    "p50 then",
    "at a rate of",
    "response p50",
    "p95",
    "p99",
    "service p50",
    "p95",
    "p99",
    "connect p95",
    "errors",
    "worker",
)


@dataclass(frozen=True, kw_only=True)
class LoadReport(Report):
    """``probes`` are the names of those that made the load, ``advice`` None where no step came to its end.

    The other fields are those of ``Load``. ``free_percent`` of the connections were left to others. ``local`` says that
    the server runs on the worker's own machine.
    """

    job: str = "probe_load"
    probes: tuple[str, ...]
    steps: tuple[LoadStep, ...]
    advice: PoolAdvice | None
    limits: ConnectionLimits
    most_used: int
    least_free: int
    free_percent: float
    refused: bool = False
    local: bool = False
    stopped: str = ""
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """WARNING where it ended early, a request failed, or connections ran out."""
        failed = any(step.errors for step in self.steps)
        return Verdict.WARNING if self.stopped or self.refused or failed or not self.steps else Verdict.OK

    @property
    def is_exhausted(self) -> bool:
        """Whether at any time no further connection could have been opened."""
        return self.refused or self.least_free == 0

    def summary(self) -> str:
        """What came of it, in a sentence or two."""
        if self.advice is None:
            return f"The load on {self.target} completed no step, so nothing can be said about its pool."
        size = self.advice.pool_size
        pool = (
            "No pool size follows from that"
            if size is None
            else f"A pool of {_connections([size])} in all is what it is worth"
        )
        return f"{self.target} under load: {self.advice.saturation.sentence} {pool}."

    def markdown(self) -> str:
        """The summary, a row for each step, what happened to the connections, and each number with its reason."""
        parts = [f"**{plain_text(self.summary())}**"]
        if self.stopped:
            parts.append(f"It ended early, and everything was closed: {plain_text(self.stopped)}.")
        if self.steps:
            parts.append(markdown_table(_HEAD, [_row(step) for step in self.steps]))
            parts.append(
                "Times in milliseconds. First every connection asks without a pause, which shows how many requests a "
                "second they can do. Then requests fall due at a fixed rate: a response counts from when its request "
                "was due, a service from when it was sent. `worker` is our own process: how much of a processor it "
                "used, and how late it was."
            )
        parts.append(self._connections())
        if self.advice is not None:
            parts.append(_settings(self.advice))
        notes = [*self.notes, *self._remarks()]
        if notes:
            parts.append("\n".join(f"- {plain_text(note)}" for note in notes))
        return "\n\n".join(parts)

    def _connections(self) -> str:
        limit = self.limits.max_connections - self.limits.reserved
        numbers = (
            f"at most {self.most_used} of {limit} were in use at one time ({self.limits.used} before the first step), "
            f"and {self.least_free} more could always have been opened"
        )
        if self.is_exhausted:
            return f"**Connections were exhausted**: {numbers}. The application may have been refused meanwhile."
        kept = f"{self.free_percent:g} % of each limit were to be left to others"
        return f"Connections were never exhausted: {numbers}; {kept}."

    def _remarks(self) -> list[str]:
        remarks = []
        if bound := [step.connections for step in self.steps if step.is_worker_bound]:
            remarks.append(
                f"With {_connections(bound)} our own worker was the limit, or near it: what the table says of that is "
                "the least that the server can do."
            )
        if unsent := [step for step in self.steps if step.unanswered]:
            first, *others = unsent
            requests = f"{format_count(first.unanswered, 'request')} {'was' if first.unanswered == 1 else 'were'}"
            told = [f"With {_connections([first.connections])} {requests} not even sent in time"]
            told += [f"with {_connections([step.connections])} {step.unanswered:,}" for step in others]
            remarks.append(f"{', '.join(told)}.")
        if self.local:
            remarks.append(
                "The server runs on the worker's own machine: both share its processors, and alone it can do more."
            )
        return remarks


def _connections(numbers: Sequence[int]) -> str:
    """``1 connection``, ``1, 2 and 5 connections``."""
    *before, last = map(str, numbers)
    told = f"{', '.join(before)} and {last}" if before else last
    return f"{told} connection{'' if told == '1' else 's'}"


def _row(step: LoadStep) -> tuple[str, ...]:
    times = (
        *(step.response.p50, step.response.p95, step.response.p99),
        *(step.service.p50, step.service.p95, step.service.p99),
        step.connect.p95,
    )
    return (
        f"{step.connections}",
        f"{step.throughput:,.0f}",
        _milliseconds(step.busy.p50),
        f"{step.rate:,.0f}/s",
        *map(_milliseconds, times),
        f"{step.errors:,}" if step.errors else "-",
        f"{step.worker_cpu * 100:.0f} %, {_milliseconds(step.worker_delay_ms)} late",
    )


def _milliseconds(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.2f}"


def _settings(advice: PoolAdvice) -> str:
    head = ("", "here", "Prisma's URL", "Prisma 7 / node-postgres", "SQLAlchemy", "PgBouncer")
    rows = [_setting(each) for each in advice.settings]
    parts = [
        markdown_table(head, rows),
        "\n".join(f"- **{each.name} {_value(each)}**: {plain_text(each.why)}" for each in advice.settings),
    ]
    if advice.instances:
        divided = ", ".join(f"{each} each with {format_count(number, 'instance')}" for number, each in advice.instances)
        parts.append(
            f"Divided among the application's instances (processes, containers, functions): {divided}. With more "
            "instances than connections, put PgBouncer before the server."
        )
    return "\n\n".join(parts)


def _setting(setting: PoolSetting) -> tuple[str, ...]:
    names = (setting.prisma, setting.node, setting.sqlalchemy, setting.pgbouncer)
    return (setting.name, _value(setting), *map(code_span, names))


def _value(setting: PoolSetting) -> str:
    return f"{setting.value}" if setting.name == "pool size" else f"{setting.value} s"
