"""analyze_restore: give what a restore has loaded its statistics."""

from __future__ import annotations

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.gateways.archive import as_the_source
from dbops.gateways.processes.analyze import analyze
from dbops.gateways.processes.programs import find_restore_programs
from dbops.jobs.restores.restore_run import RestoreRun


def analyze_restore(run: RestoreRun) -> RestoreRecord:
    """Give a loaded database its statistics, once; raises a DbopsError."""
    record = run.read()
    if record.state is not RestoreState.LOADED:
        return record
    server = run.server_of(record)
    archive = run.archive(record.backup_id)
    programs = find_restore_programs(run.programs, archive.manifest.pg_dump_version)
    address = as_the_source(server.address(record.database), archive.entries).address
    seconds = analyze(programs.vacuumdb, address, run.target.restore.jobs)
    found = server.find(record.database)
    taken = found.bytes if found and record.is_own_database else None
    return run.put(record.at(RestoreState.ANALYZED, analyze_seconds=seconds, loaded_bytes=taken))
