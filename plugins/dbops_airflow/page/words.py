"""Words: moments and lengths as the page writes them; short ones, with the exact value behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from dbops.domain.words.quantities import format_moment

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# From how many seconds on a unit is used: from two of it, so that "26 h ago" does not hide behind "1 d ago".
_UNITS = (
    ("y", 365 * _DAY, 730 * _DAY),
    ("mo", 30 * _DAY, 60 * _DAY),
    ("d", _DAY, 2 * _DAY),
    ("h", _HOUR, 2 * _HOUR),
    ("min", _MINUTE, _MINUTE),
)
_NONE = Markup('<span class="none">none</span>')


def age(moment: datetime, now: datetime) -> str:
    """How long ago or how far ahead a moment is: ``just now``, ``40 min ago``, ``26 h ago``, ``in 5 d``."""
    seconds = (now - moment).total_seconds()
    size = _size(abs(seconds))
    if not size:
        return "just now" if seconds >= 0 else "in a moment"
    return f"{size} ago" if seconds >= 0 else f"in {size}"


def when(moment: datetime | None, now: datetime) -> Markup:
    """A ``time`` element that says the age, and the exact moment to who asks."""
    if moment is None:
        return _NONE
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"), format_moment(moment), age(moment, now)
    )


def at(moment: datetime | None, now: datetime) -> Markup:
    """A ``time`` element that says the exact moment, and its age to who asks."""
    if moment is None:
        return _NONE
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        age(moment, now),
        format_moment(moment).removesuffix(" UTC"),
    )


def sentence(text: str) -> Markup:
    """A sentence of ours as HTML: what stands between backticks is code, and everything is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one is left over, and belongs to the text
        return Markup("{}").format(text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(parts)
    )


def lasting(length: timedelta | float) -> str:
    """How long something took, given as such or in seconds: ``0.4 s``, ``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 10:  # noqa: PLR2004 - below that a tenth is worth reading
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes, left = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {left} s" if left else f"{minutes} min"
    return f"{left} s"


def _size(seconds: float) -> str:
    return next((f"{int(seconds // size)} {unit}" for unit, size, least in _UNITS if seconds >= least), "")
