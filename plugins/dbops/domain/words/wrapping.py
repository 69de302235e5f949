"""Wrapping: text in lines of a mail, in which whatever is to be pasted stays in one piece."""

from __future__ import annotations

import re

_PIECE = re.compile(r"(?:[^\s`]|`[^`\n]*`|`)+")


def wrapped(text: str, width: int) -> str:
    """Lines of at most ``width`` characters, but for a longer word; what stands between backticks is one word."""
    return "\n".join(_wrapped_line(line, width) for line in text.split("\n"))


def _wrapped_line(line: str, width: int) -> str:
    lines: list[str] = []
    for piece in _PIECE.findall(line):
        if lines and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return "\n".join(lines)
