"""How large each part of a multipart upload is, so that a file of unknown length fits S3's 10,000 parts."""

from __future__ import annotations

_STEP = 1_000
_LARGEST = 2 * 1024**3


def part_size(number: int, first: int) -> int:
    """Bytes of part ``number`` (from 1) where the first has ``first`` bytes: doubled every 1,000 parts, up to 2 GiB.

    With 8 MiB parts a file of 78 GiB has parts of at most 64 MiB, and 10,000 parts hold 5.8 TiB. All parts but the
    last of an upload may differ in size, so the size need not be known when the upload begins.
    """
    return max(first, min(first << ((number - 1) // _STEP), _LARGEST))
