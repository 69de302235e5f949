"""TocEntry: one entry of an archive's table of contents."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class TocEntry:
    """One object of an archive, as pg_dump describes it; an empty text where pg_dump says nothing.

    ``kind`` is pg_dump's word (``TABLE``, ``TABLE DATA``, ``FK CONSTRAINT``, ...), ``file`` the name of its data file,
    None where it has none, ``depends_on`` the dump ids of what it needs.
    """

    dump_id: int
    kind: str
    schema: str
    name: str
    owner: str = ""
    definition: str = ""
    copy_statement: str = ""
    file: str | None = None
    depends_on: tuple[int, ...] = ()
    drop_statement: str = field(default="", repr=False, compare=False)
