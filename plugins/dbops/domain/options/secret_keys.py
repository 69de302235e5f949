"""Secret keys that somebody has pasted into a file: they are known where they must not stand, and never repeated."""

from __future__ import annotations

_SIGNS = ("SECRET-KEY-", "PRIVATE KEY-")


def refuse_secret_key(text: str, instead: str) -> None:
    """Raises ValueError where ``text`` holds a secret key; ``instead`` is what else to write there."""
    if any(sign in text.upper() for sign in _SIGNS):
        raise ValueError(
            f"this is a secret key, and no longer one now that it stands in a file: make a new one, and write {instead}"
        )
