"""Targets, as far as the process at hand needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import get_parsing_context

from dbops.domain.target import Target
from dbops.errors import InvalidRequest
from dbops.gateways.files.target_files import TargetFiles, include_folder, read_targets

if TYPE_CHECKING:
    from airflow.sdk import Context


def targets_for(prefix: str) -> tuple[Target, ...]:
    """The targets of the DAGs ``<prefix><target>``: all that can be read, or in a task's process only its own DAG's."""
    dag_id = get_parsing_context().dag_id
    only = dag_id.removeprefix(prefix) if dag_id and dag_id.startswith(prefix) else None
    return tuple(read_targets(include_folder(), only=only).targets.values())


def checked_targets_for(prefix: str) -> tuple[Target, ...]:
    """Those of them that have rules below include/expectations/."""
    return tuple(target for target in targets_for(prefix) if target.has_rules)


def probed_targets_for(prefix: str) -> tuple[Target, ...]:
    """Those of them that have probes below include/sql/."""
    return tuple(target for target in targets_for(prefix) if target.has_probes)


def chosen_target(context: Context, files: TargetFiles) -> Target:
    """The target that the run's trigger form names; raises InvalidRequest where it names none, else as ``files`` do."""
    chosen = context["params"]["target"]
    if not chosen:
        raise InvalidRequest("No target was chosen.", "Choose one in the trigger form.")
    return files.target(str(chosen))
