"""BackupOptions: how a target is dumped."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from dbops.domain.options.section import Section
from dbops.domain.words.quantities import Bytes, Duration


class BackupOptions(Section):
    """How pg_dump runs, and how much of the worker and of the server it may take."""

    jobs: Annotated[int, Field(ge=1, le=64)] = 2
    zstd_level: Annotated[int, Field(ge=1, le=19)] = 1
    spool: str | None = None
    spool_cap: Bytes = 256 * 1024**2
    max_stall: Duration = timedelta(minutes=15)
    max_silence: Duration = timedelta(hours=1)
    lock_wait_timeout: Duration | None = timedelta(minutes=1)
    statement_timeout: Duration | None = None
    bandwidth_limit: Bytes | None = None
    max_replica_lag: Duration | None = timedelta(hours=1)
    split_above: Bytes | None = 256 * 1024**2
    exclude_schemas: tuple[str, ...] = ()
    exclude_tables: tuple[str, ...] = ()
    exclude_table_data: tuple[str, ...] = ()
    globals: bool = True
