"""A text that somebody else chose, such as a run's id, as part of an object's key."""

from __future__ import annotations

import hashlib
import re

_LONGEST = 160


def key_part(text: str, keep: str = "") -> str:
    """Letters, digits, ``_`` and those in ``keep``, the rest as ``=XX``: two texts that differ never become one."""
    safe = re.sub(rf"[^A-Za-z0-9_{keep}]", lambda match: "".join(f"={byte:02X}" for byte in match[0].encode()), text)
    return safe if len(safe) <= _LONGEST else f"{safe[:100]}=={hashlib.sha256(text.encode()).hexdigest()}"
