"""Targets, as far as the process at hand needs them."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from dbops.domain.target import Target
from dbops.gateways.probe_files import has_probes
from dbops.gateways.target_files import has_expectations, include_folder, read_targets


def targets_for(prefix: str) -> tuple[Target, ...]:
    """The targets of the DAGs ``<prefix><target>``: all that can be read, or in a task's process only its own DAG's."""
    dag_id = get_parsing_context().dag_id
    only = dag_id.removeprefix(prefix) if dag_id and dag_id.startswith(prefix) else None
    return tuple(read_targets(include_folder(), only=only).targets.values())


def checked_targets_for(prefix: str) -> tuple[Target, ...]:
    """Those of them that have rules below include/expectations/."""
    include = include_folder()
    return tuple(target for target in targets_for(prefix) if has_expectations(include, target.name))


def probed_targets_for(prefix: str) -> tuple[Target, ...]:
    """Those of them that have probes below include/sql/."""
    include = include_folder()
    return tuple(target for target in targets_for(prefix) if has_probes(include, target.name))
