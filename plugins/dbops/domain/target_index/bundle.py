"""IndexBundle: the indexes of many targets in one object, so that a page reads them all at once.

It is a cache of caches: an index in it is taken only while its own object still has the tag that is beside it here. So
it may be old, half or somebody else's. Who forges it, with a key that may write, deceives whoever looks at the page, as
by a forged index; nothing else reads it. docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.target_index.target_index import TargetIndex


@dataclass(frozen=True, config=ConfigDict(extra="ignore"))
class BundledIndex:
    """An index, and the ``tag`` by which the store lists the object that it was read from."""

    tag: str
    index: TargetIndex


class IndexBundle:
    """Some targets' indexes; immutable."""

    def __init__(self, bundled: Iterable[BundledIndex] = ()) -> None:
        self._bundled = {one.index.target: one for one in bundled}

    def of(self, target: str, tag: str) -> TargetIndex | None:
        """The target's index, if it is the one whose object has this tag; None where that has to be read."""
        found = self._bundled.get(target)
        return found.index if found is not None and tag and found.tag == tag else None

    def to_lines(self) -> bytes:
        """The object's body, a line for each; ``from_lines`` reads it back."""
        ordered = (one for _, one in sorted(self._bundled.items()))
        return b"".join(_LINE.dump_json(one) + b"\n" for one in ordered)

    @classmethod
    def from_lines(cls, body: bytes) -> Self:
        """Read a bundle. A line that is none of ours, or of another version, is left out: its index has its object."""
        return cls(_readable(body.splitlines()))


def _readable(lines: Iterable[bytes]) -> Iterable[BundledIndex]:
    for line in lines:
        try:
            yield _LINE.validate_json(line)
        except ValueError:
            continue


_LINE = TypeAdapter(BundledIndex)
