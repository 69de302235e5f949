"""Readable: a report's Markdown for where nothing renders it, such as a task's log, or the mail that cron sends.

Tables are aligned, and what only tells a renderer something is left out. What stands in code stays as it is: it is to
be pasted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

_WIDEST = 48  # characters; a longer cell moves what is behind it, in its own line only
_FENCE = re.compile(r"`{3,}")
_INLINE = re.compile(r"(?P<code>(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`))|\\(?P<escaped>[\\`*<>\[\]&])|\*\*")


def readable(markdown: str) -> str:
    """The same lines, but for those of tables; of another's Markdown than ours at least every word is there."""
    return "\n".join(_lines(markdown))


def _lines(markdown: str) -> Iterator[str]:
    for is_code, lines in groupby(_marked(markdown.split("\n")), key=lambda line: line[1]):
        texts = [text for text, _ in lines]
        if is_code:
            yield from texts
            continue
        for is_table, rows in groupby(texts, key=_is_row):
            own = list(rows)
            yield from _table(own) if is_table else map(_plain, own)


def _marked(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is code, its fences included."""
    fence = ""
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            yield line, True
            if found and line.rstrip() == found[0] and len(found[0]) >= len(fence):
                fence = ""
        else:
            fence = found[0] if found else ""
            yield line, bool(fence)


def _is_row(line: str) -> bool:
    return line.startswith("| ") and line.endswith(" |")


def _table(lines: list[str]) -> Iterator[str]:
    rows = [[_plain(cell.replace("\\|", "|")) for cell in line[2:-2].split(" | ")] for line in lines]
    head, *body = rows
    if body and set(body[0]) == {"---"}:
        del body[0]
    widths = _widths([head, *body])
    if any(head):
        yield _aligned(head, widths)
        yield _aligned(["-" * width for width in widths], widths)
    for row in body:
        yield _aligned(row, widths)


def _widths(rows: list[list[str]]) -> list[int]:
    columns = max(map(len, rows))
    lengths = [[len(row[at]) for row in rows if at < len(row)] for at in range(columns)]
    return [max([length for length in own if length <= _WIDEST] or [_WIDEST]) for own in lengths]


def _aligned(row: list[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def _plain(text: str) -> str:
    return _INLINE.sub(lambda found: found["code"] or found["escaped"] or "", text)
