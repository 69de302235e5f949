"""Templates: how those of include/ are read. What goes into HTML is escaped, what goes into plain text is not."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from dbops.domain.words.wrapping import wrapped


def environment(folder: Path) -> Environment:
    """The templates of a folder, ``.html.j2`` and ``.txt.j2``; a fact that one asks for and nobody gave is an error.

    Beside Jinja's own filters they have ``wrapped``.
    """
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["wrapped"] = wrapped
    return made
