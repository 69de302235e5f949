"""WholeSchema: a schema as both our readers see it, so that what one of them does not know the other one tells."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.schema.baseline import SchemaBaseline


@dataclass(frozen=True)
class WholeSchema:
    """``catalog`` is what the schema checks compare; ``entries`` are pg_dump's, of all that is in the database."""

    catalog: SchemaBaseline
    entries: tuple[TocEntry, ...]
