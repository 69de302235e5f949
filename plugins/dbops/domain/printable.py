"""Printable: what somebody else chose, a file's name say, as a text that can be shown, sent and stored anywhere."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text on one line; what nobody can see or encode, a byte that is no UTF-8 say, is written as ``\udc80``."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
