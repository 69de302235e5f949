"""A table in Markdown, whatever its cells contain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbops.domain.words.markdown_text import Markup, on_one_line


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; a pipe or a line break inside a cell cannot break it. Ends without a line break.

    A cell that is ``Markup`` stays Markdown.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    inner = on_one_line(text)
    return (inner if isinstance(text, Markup) else inner.replace("\\", "\\\\")).replace("|", "\\|")
