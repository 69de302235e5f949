"""Alert words: what the templates of a notifier may say of an alert, as ``{{ alert.subject }}``.

docs/alerts.md is the public copy of this list; a test compares them.
"""

from __future__ import annotations

from dbops.domain.alerts.alert import Alert

_TEXT_LIMIT = 1500  # characters: what a chat shows without folding it, and every pager takes
_DETAILS_TOLD = 5


def alert_words(alert: Alert) -> dict[str, str | dict[str, str]]:
    """Every placeholder and its text; what an alert does not have is empty."""
    return {
        "subject": alert.subject,
        "text": _alert_text(alert),
        "severity": alert.severity.value,
        "job": alert.job,
        "target": alert.target or "",
        "environment": alert.environment or "",
        "headline": alert.headline,
        "details": "\n".join(_details(alert)),
        "remedy": alert.remedy,
        "link": alert.link or "",
        "page": alert.page or "",
        "facts": {**dict(alert.stake), **dict(alert.facts)},
        "key": _alert_key(alert),
    }


def _alert_text(alert: Alert) -> str:
    """The alert in short: what happened, what to do, and where to look, a line each."""
    details = _details(alert)
    left = len(details) - _DETAILS_TOLD
    told = [
        alert.headline,
        *(f"{label}: {value}" for label, value in alert.stake),
        *(f"- {detail}" for detail in details[:_DETAILS_TOLD]),
        *([f"- {left} more, see the {alert.link_to}."] if left > 0 else []),
        *([f"What to do: {alert.remedy}"] if alert.remedy else []),
    ]
    text = "\n".join(told)
    short = text if len(text) <= _TEXT_LIMIT else f"{text[: _TEXT_LIMIT - 2]} …"
    return f"{short}\n{alert.link}" if alert.link else short


def _details(alert: Alert) -> list[str]:
    return [*alert.details, *(f"Well again: {name}." for name in alert.well_again)]


def _alert_key(alert: Alert) -> str:
    """The same for all alerts of one job of one target.

    By it a pager closes with a RECOVERED what a FAILED or MISSING has opened; of restores and migrations with DONE.
    """
    return f"dbops/{alert.target or '-'}/{alert.job.replace(' ', '_')}"
