"""Include faults: all that can be told of files below include/ while Airflow parses, with nothing heavy imported."""

from __future__ import annotations

from dbops.domain.fault import Fault
from dbops.gateways.files.notifier_files import notifier_faults, read_notifiers
from dbops.gateways.files.retired_files import read_included_names
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow.notifier_source import source_faults


def include_faults() -> tuple[Fault, ...]:
    """The faults of targets, of the notifiers, of the names by which targets use these, and of what is retired."""
    include = include_folder()
    targets, notifiers = read_targets(include), read_notifiers(include)
    _, of_retired = read_included_names(include)
    return (
        *targets.faults,
        *notifier_faults(include, targets.targets.values(), notifiers),
        *source_faults(notifiers.notifiers.values()),
        *of_retired,
    )
