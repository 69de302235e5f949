"""RestoreOptions: how a target is restored."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbops.domain.options.section import ConnectionId, Section
from dbops.domain.words.quantities import Bytes


class RestoreOptions(Section):
    """How a restore works. ``connection`` is a role that may create databases, where the target's own may not.

    ``owners`` false leaves owners and grants out. With ``lz4`` large values are compressed so where the server can, in
    half the time that its default takes. ``disk_size`` is the server's disk, which SQL cannot be asked for.
    ``time_columns`` name, by table, the column that says when a row came, so that a plan can show what would be lost.
    """

    connection: ConnectionId | None = None
    jobs: Annotated[int, Field(ge=1, le=64)] = 2
    owners: bool = True
    lz4: bool = True
    disk_size: Bytes | None = None
    time_columns: dict[str, str] = Field(default_factory=dict)
