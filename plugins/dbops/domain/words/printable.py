"""Printable: what somebody else chose, a file's name say, as a text that can be shown, sent and stored anywhere."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text on one line; what nobody can see or encode, a byte that is no UTF-8 say, is written as ``\udc80``.

    So is what would steer a terminal, or turn the direction in which a line is read.
    """
    return _written(text, kept="")


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which keeps them and its tabs."""
    return _written(text, kept="\n\t")


def _written(text: str, kept: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in kept else one.encode("unicode_escape").decode("ascii") for one in text
    )
