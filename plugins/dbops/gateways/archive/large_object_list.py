"""LargeObjectList: the list of large objects that an archive holds, looked at before pg_restore opens what it names."""

from __future__ import annotations

import re
from collections.abc import Callable

_LINES = re.compile(rb"(?:\d{1,10} blob_\d{1,10}\.dat\n)*")
_LONGEST_LINE = 40


class LargeObjectList:
    """Takes a list piece by piece and passes its lines on, up to the first that pg_dump does not write so.

    Such a line could name any file of the worker, which pg_restore would load. Nothing is raised for it: only at its
    end is known whether these are the bytes that were uploaded.
    """

    def __init__(self, pass_on: Callable[[bytes], None]) -> None:
        self._pass_on = pass_on
        self._begun = b""
        self._is_foreign = False

    def take(self, piece: bytes) -> None:
        """The next bytes of it."""
        if self._is_foreign:
            return
        whole, newline, self._begun = (self._begun + piece).rpartition(b"\n")
        if _LINES.fullmatch(whole + newline) is None or len(self._begun) > _LONGEST_LINE:
            self._is_foreign = True
            return
        self._pass_on(whole + newline)

    @property
    def is_genuine(self) -> bool:
        """Whether all that was taken are lines as pg_dump writes them."""
        return not self._is_foreign and not self._begun
