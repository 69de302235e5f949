"""probe: execute the operations that the application lives from, without a trace, and say what has become slow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dbops.domain.probes.confirmation import confirmed
from dbops.domain.probes.judgement import suspects
from dbops.domain.probes.report import ProbeReport
from dbops.domain.probes.run import ProbeRun
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_count
from dbops.errors import DbopsError, PreflightFailed
from dbops.gateways.files.probe_files import read_probes
from dbops.gateways.files.shipped import shipped
from dbops.gateways.probing import WHY_DIRECT, measure, read_escapes, require_runnable
from dbops.gateways.server.database import Database
from dbops.gateways.server.health import read_health
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.probe_runs import put_probe_run, read_probe_runs
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.probes.explain_probes import explain_probes
from dbops.jobs.probes.probe_page import keep_page
from dbops.jobs.target_index.refresh_index import refresh_probes

_RUNS_REMEMBERED = 26


def probe(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    *,
    include: Path,
    run: str,
    clock: Callable[[], datetime],
    probing: DatabaseAddress | None = None,
    tell: Callable[[str], None] = lambda _sentence: None,
) -> ProbeReport:
    """Measure every probe of the target, those that look wrong twice; explain them, keep what was found, and report it.

    ``probing`` is as whom they are executed, None for ``address``, which is asked about the server's health. ``tell``
    hears what is being done. Raises InvalidRequest, before any probe has run, where a file is wrong; another DbopsError
    where nothing could be measured.
    """
    as_application = probing or address
    as_application.require_direct(target.probing_connection, WHY_DIRECT)
    every, options = read_probes(include, target.name), target.probes
    lacking = require_runnable(as_application, every, options)
    probes = [one for one in every if one.name not in lacking]
    notes = [f"{name} was left out: {sentence}." for name, sentence in lacking.items()]
    history = read_probe_runs(bucket, target, _RUNS_REMEMBERED)
    started = clock()
    tell(f"Measuring {format_count(len(probes), 'operation')} of {target.name}")
    first = measure(as_application, probes, options)
    doubtful = suspects(first, probes, history, options)
    left = options.max_seconds.total_seconds() - first.seconds
    again = None
    if doubtful and left > 0:
        tell(f"Measuring again what looks wrong: {', '.join(doubtful)}")
        try:
            again = measure(as_application, [one for one in probes if one.name in doubtful], options, seconds=left)
        except PreflightFailed as error:
            notes.append(f"What looked wrong could not be measured again: {', '.join(doubtful)}. {error.what}")
    elif doubtful:
        notes.append(f"max_seconds left no time to measure again what looked wrong: {', '.join(doubtful)}.")
    probed = [one for one in probes if one.name in first.names]  # the others: see the notes
    judged = []
    for one in probed:
        second = again.of(one.name) if again and one.name in again.names else None
        result, note = confirmed(one, first.of(one.name), second, history, options, doubtful=one.name in doubtful)
        judged.append(result)
        notes += [note] if note else []
    tell("Explaining")
    explanation = explain_probes(
        target, as_application, probed, first, results=judged, history=history, include=include
    )
    record = ProbeRun(
        target=target.name,
        run=run,
        started=started,
        finished=clock(),
        server_version=Database(address).facts().server_version,
        results=explanation.results,
        round_trip=first.round_trip,
        connect=first.connect,
        proposals=explanation.proposals,
        health=read_health(address),
        escapes=tuple(one.sentence for one in read_escapes(as_application, probes, options)),
        left_out=tuple(one.name for one in every if one.name not in first.names),
        notes=tuple(dict.fromkeys((*notes, *first.notes, *(again.notes if again else ()), *explanation.notes))),
    )
    put_probe_run(bucket, target, record)
    report = ProbeReport.of(record, history, options)
    try:
        templates = shipped(include, "report")
        page = keep_page(record, history, target, bucket, templates=templates, headline=report.headline())
        record = replace(record, page=page)
    except Exception as error:  # noqa: BLE001 - what was measured is not lost, nor a mail, for the want of a picture
        record = replace(record, notes=(*record.notes, _no_page(target, error)))
    put_probe_run(bucket, target, record)
    if no_index := refresh_probes(target, bucket, record, clock):
        record = replace(record, notes=(*record.notes, no_index))
    return replace(report, record=record)


def _no_page(target: Target, error: Exception) -> str:
    why = error_in_words(error, f"drawing the page of {target.name}")
    return f"The page with charts could not be {'kept' if isinstance(error, DbopsError) else 'made'}: {why}"
