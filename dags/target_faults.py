"""No DAG of its own: shows every file below include/ that cannot be read as an import error, and breaks only itself."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from dbops.errors import InvalidTarget
from dbops_airflow.include_faults import include_faults

# A task's process never parses this file; a callback's may, and has nothing to do with faults.
faults = include_faults() if get_parsing_context().dag_id is None else ()

if faults:
    raise InvalidTarget("\n".join(str(fault) for fault in faults), "The DAGs of every other target are not affected.")
