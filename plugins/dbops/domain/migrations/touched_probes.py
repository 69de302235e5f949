"""Touched probes: how the operations fare that read or write what a migration touches, before it and after."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.quantities import format_ms

_RECORD = ConfigDict(extra="ignore")
_NONE = "-"


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class ProbeReading:
    """One probe at one moment: ``p50`` and ``p95`` in milliseconds, None where no sample succeeded.

    ``indexes`` are those that its plans use, by name. ``error`` is what the server said, without a row's values.
    """

    probe: str
    title: str
    p50: float | None = None
    p95: float | None = None
    indexes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class ProbeReadings:
    """All of them at that moment, and the names of all ``indexes`` of the touched tables; ``notes`` are sentences."""

    probes: tuple[ProbeReading, ...] = ()
    indexes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, probe: str) -> ProbeReading | None:
        """That of the probe of this name; None where it was not read."""
        return next((one for one in self.probes if one.probe == probe), None)


@dataclass(frozen=True, kw_only=True)
class TouchedProbes:
    """The readings before and after."""

    before: ProbeReadings
    after: ProbeReadings

    @property
    def broken(self) -> tuple[str, ...]:
        """A sentence on each operation that worked before and fails now."""
        return tuple(
            f"The probe {now.probe} worked before, and fails now: {now.error}"
            for was, now in self._pairs()
            if now and now.error and was and not was.error
        )

    @property
    def new_indexes(self) -> dict[str, tuple[str, ...]]:
        """By the name of each new index of a touched table, the probes whose plans use it."""
        names = [name for name in self.after.indexes if name not in self.before.indexes]
        return {name: tuple(one.probe for one in self.after.probes if name in one.indexes) for name in names}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the new indexes are good for, and what could not be measured."""
        told = [
            f"The new index {name} is used by {', '.join(users)}."
            if users
            else f"No plan of a probe uses the new index {name}."
            for name, users in self.new_indexes.items()
        ]
        return tuple(dict.fromkeys((*told, *self.before.notes, *self.after.notes)))

    def table(self) -> str:
        """A row for each operation, in Markdown; empty where there is none."""
        head = ("operation", "p50 before", "after", "p95 before", "after", "new index")
        rows = [
            (
                (now or was).title,  # type: ignore[union-attr]  # one of both is there
                *(_ms(one.p50 if one else None) for one in (was, now)),
                *(_ms(one.p95 if one else None) for one in (was, now)),
                "FAILS" if now and now.error else ", ".join(self._used(now)) or _NONE,
            )
            for was, now in self._pairs()
        ]
        return markdown_table(head, rows) if rows else ""

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The same for a mail: each operation, and what has become of its p50 and p95."""
        return tuple((name, self._fact(was, now)) for name, was, now in self._named())

    def _fact(self, was: ProbeReading | None, now: ProbeReading | None) -> str:
        if now and now.error:
            return f"FAILS: {now.error}"
        p50, p95 = ([_ms(getattr(one, what) if one else None) for one in (was, now)] for what in ("p50", "p95"))
        used = self._used(now)
        by = f", now by {', '.join(used)}" if used else ""
        return f"p50 {p50[0]} before, {p50[1]} after; p95 {p95[0]} before, {p95[1]} after{by}"

    def _used(self, now: ProbeReading | None) -> list[str]:
        return [name for name in self.new_indexes if now and name in now.indexes]

    def _named(self) -> Iterator[tuple[str, ProbeReading | None, ProbeReading | None]]:
        names = dict.fromkeys(one.probe for one in (*self.before.probes, *self.after.probes))
        for name in names:
            yield name, self.before.of(name), self.after.of(name)

    def _pairs(self) -> Iterator[tuple[ProbeReading | None, ProbeReading | None]]:
        for _, was, now in self._named():
            yield was, now


def _ms(value: float | None) -> str:
    return _NONE if value is None else format_ms(value)
