"""The probes of a target: include/sql/<target>/probes/*.sql, read together, or refused together by name and line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from dbops.domain.fault import Fault
from dbops.domain.probes import Draw, Probe
from dbops.domain.probes.parameters import as_driven, parameters
from dbops.domain.probes.sql import may_write, objections
from dbops.domain.sql.statements import SqlFault, SqlStatement, statements
from dbops.errors import InvalidRequest
from dbops.gateways.files.probe_header import NAME, HeaderFaults, ProbeHeader, read_header, split_header
from dbops.gateways.files.yaml_lines import YamlFault, YamlMapping, read_text


def probes_folder(include: Path, target: str) -> Path:
    """Where the probes of a target lie."""
    return include / "sql" / target / "probes"


def has_probes(include: Path, target: str) -> bool:
    """Whether the target has files of probes, readable or not."""
    try:
        return bool(_names(probes_folder(include, target)))
    except OSError:
        return True  # reading them says what is wrong


def read_probes(include: Path, target: str) -> tuple[Probe, ...]:
    """Every probe of a target by the name of its file; raises one InvalidRequest that has whatever is wrong with any.

    It is raised too where there is none.
    """
    folder, shown = probes_folder(include, target), f"sql/{target}/probes"
    try:
        names = _names(folder)
    except OSError as error:
        raise InvalidRequest(
            f"The probes of {target} cannot be used. {shown}: the folder cannot be read ({error.strerror}).",
            "Correct its permissions and try again.",
        ) from None
    if not names:
        raise InvalidRequest(
            f"The target {target} has no probes.",
            f"Add one, {shown}/<name>.sql below include/: a header with title, model and budget in -- comments, "
            "and below it the statements.",
        )
    probes: list[Probe] = []
    faults: list[Fault] = []
    for name in names:
        source = f"{shown}/{name}"
        try:
            probes.append(_read(folder / name, source, target))
        except _Unusable as unusable:
            faults += [Fault(source, line, sentence) for line, sentence in unusable.faults]
    if faults:
        told = "\n".join(str(fault) for fault in faults)
        files = "file" if len({fault.path for fault in faults}) == 1 else "files"
        raise InvalidRequest(
            f"The probes of {target} cannot be used, and none was executed:\n{told}",
            f"Correct the {files} and try again.",
        )
    return tuple(probes)


class _Unusable(Exception):
    def __init__(self, *faults: tuple[int | None, str]) -> None:
        super().__init__(*faults)
        self.faults = faults


def _names(folder: Path) -> list[str]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [name for name in names if name.lower().endswith(".sql") and not name.startswith(".")]


def _read(path: Path, source: str, target: str) -> Probe:
    name, suffix = path.stem, path.suffix
    if suffix != ".sql":
        raise _Unusable((None, f"files that end with {suffix} are not read; rename it to .sql"))
    try:
        text = read_text(path.read_bytes())
    except YamlFault as fault:
        raise _Unusable((fault.line, fault.sentence)) from None
    except OSError as error:
        raise _Unusable((None, f"the file cannot be read ({error.strerror}); correct or remove it")) from None
    faults: list[tuple[int | None, str]] = []
    if not NAME.fullmatch(name):
        faults.append((None, "a probe's name is lower case letters, digits and _, as in user_find_by_id; rename it"))
    yaml, sql, line = split_header(text)
    read: tuple[ProbeHeader, YamlMapping] | None = None
    try:
        read = read_header(yaml, target)
    except HeaderFaults as wrong:
        faults += wrong.faults
    found: tuple[SqlStatement, ...] = ()
    try:
        found = statements(sql, line)
    except SqlFault as fault:
        faults.append((fault.line, fault.sentence))
    else:
        faults += _faults(found, read, line)
    if faults or read is None:
        raise _Unusable(*sorted(faults, key=lambda fault: fault[0] or 0))
    return _probe(name, source, read[0], found)


def _faults(
    found: tuple[SqlStatement, ...], read: tuple[ProbeHeader, YamlMapping] | None, line: int
) -> Iterator[tuple[int | None, str]]:
    """What is wrong with the statements. Whether they may write is not asked where the header cannot be read."""
    if not found:
        yield line, "it has no statement; write one below the header"
        return
    refused = [each for one in found for each in objections(one, writes=read is None or read[0].writes)]
    yield from refused
    if read is not None:
        yield from _contradictions(found, *read, is_refused=bool(refused))


def _contradictions(
    found: tuple[SqlStatement, ...], header: ProbeHeader, mapping: YamlMapping, *, is_refused: bool
) -> Iterator[tuple[int | None, str]]:
    """What the header says and the statements do not do, or the other way round.

    What statements do not do that are refused, what stands in their place may do.
    """
    if header.writes and not is_refused and not any(may_write(statement) for statement in found):
        yield (
            mapping.lines[("writes",)],
            "writes is true, but nothing writes; remove the line, or write the schema before the function that writes",
        )
    if header.connections > 1 and (len(found) > 1 or header.writes):
        yield (
            mapping.lines[("connections",)],
            "with connections above 1 a probe is one statement that only reads; make two probes of it",
        )
    used: dict[str, int] = {}
    for statement in found:
        for token in parameters(statement):
            used.setdefault(token.text, statement.line_of(token))
    if used and not header.draw:
        names, columns = ", ".join(f":{name}" for name in used), ", ".join(used)
        yield (
            next(iter(used.values())),
            f"nothing says what {names} stands for; write draw: in the header, and a query with the columns {columns}",
        )
    if header.draw and not is_refused and not used:
        yield (
            mapping.lines[("draw",)],
            "it draws parameters, but no statement uses one, as in :user_id; use them or remove draw",
        )


def _probe(name: str, source: str, header: ProbeHeader, found: tuple[SqlStatement, ...]) -> Probe:
    draws = {kind: statements(query)[0].sql for kind, query in header.draw.items()}
    return Probe(
        name=name,
        title=header.title,
        model=header.model,
        budget_ms=header.budget / timedelta(milliseconds=1),
        statements=tuple(as_driven(statement) for statement in found),
        samples=header.samples,
        writes=header.writes,
        connections=header.connections,
        draws=tuple(Draw(kind, query) for kind, query in draws.items()),
        source=source,
    )
