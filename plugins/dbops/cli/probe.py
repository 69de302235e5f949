"""The verb probe: time the operations that the application lives from, or put the database under their load."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dbops.domain.report import Report
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket


def probe_verb(
    target: Target,
    address: DatabaseAddress,
    probing: DatabaseAddress,
    open_bucket: Callable[[Target], Bucket],
    asked: Namespace,
    *,
    include: Path,
    who: str,
    clock: Callable[[], datetime],
    tell: Callable[[str], None],
) -> Report:
    """Probe, or with ``--load`` load, as the role of ``probing``; raises what the jobs raise."""
    if asked.load:
        from dbops.gateways.files.probe_files import read_probes
        from dbops.jobs.probes.probe_load import probe_load

        probes = read_probes(include, target.name)
        return probe_load(target, probing, probes, clock=clock, accepted=asked.yes, tell=tell)
    from dbops.jobs.probes.probe import probe

    return probe(
        target,
        address,
        open_bucket(target),
        include=include,
        run=f"shell of {who}",
        clock=clock,
        probing=probing,
        tell=tell,
    )
