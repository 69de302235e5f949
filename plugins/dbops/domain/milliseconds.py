"""Milliseconds as people read them: three digits and their unit, ``0.31 ms``, ``4.2 ms``, ``412 ms``, ``1.24 s``."""

from __future__ import annotations

_SECOND = 1000.0


def format_ms(value: float) -> str:
    """Write a latency of so many milliseconds, in seconds from one second on."""
    return f"{_digits(value / _SECOND)} s" if value >= _SECOND - 0.5 else f"{_digits(value)} ms"


def _digits(value: float) -> str:
    for above, places in ((99.5, 0), (9.95, 1)):
        if value >= above:
            return f"{value:.{places}f}".removesuffix(".0")
    return f"{value:.2f}".rstrip("0").rstrip(".")
