"""Whatever stands below include/: it is used, or refused by file, line and sentence; it never ends in a traceback."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.cli.main import main
from dbops.cli.surroundings import Surroundings
from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Verdicts, plan_retention
from dbops.domain.fault import Fault
from dbops.domain.options.cron_runs import CronRuns
from dbops.errors import InvalidConnection, InvalidRequest
from dbops.gateways.files.baseline_files import read_baseline, tables_with_suites
from dbops.gateways.files.migration_files import read_migrations, unproven_migrations
from dbops.gateways.files.notifier_files import notifier_faults, read_notifiers
from dbops.gateways.files.probe_files import has_probes, read_probes
from dbops.gateways.files.retired_files import read_retired
from dbops.gateways.files.target_files import named_targets, read_targets
from dbops.gateways.validator.expectation_files import read_suites
from tests.fuzzing import fuzzed
from tests.mutations import HOSTILE_TEXTS, damaged
from tests.unit.fuzz.terminal import terminal
from tests.unit.samples import NOW, Clock

INCLUDE = Path(__file__).parents[3] / "include"
APP = "summary_app"

EVERY_KEY = b"""connection: shop
description: "What is sold"
environment: production
timezone: Europe/Vienna
owner: dba
server: main
queue: heavy
allow: [partial_backup, low_redundancy]
storage: {bucket: vault, prefix: team/a, part_size: 8MiB, parallelism: 4, s3: {addressing_style: path, attempts: 3}}
schedule:
  backup: "0 2 * * *"
  check: "@daily"
  probe: null
backup: {jobs: 2, spool_cap: 256MiB, max_stall: 15m, exclude_tables: [public.log], exclude_schemas: ["tmp_*"]}
retention: {last: 3, daily: 14, minimum_redundancy: 2}
drill: {every: 7d, within: 10d}
restore: {jobs: 2, disk_size: 500GiB, time_columns: {public.Summary: createdAt}}
checks: {full_on: sunday, severity: {missing_index: warning}, optional: [public.Old]}
probes: {max_seconds: 5m, slower_by_at_least: 5ms}
migrations: {lock_timeout: 2s, max_backup_age: 1d}
approvals: {approve: [swap], approvers: [alice], four_eyes: true, valid_for: 4h}
alerts: {recipients: [dba@shop.internal], notify: [oncall], late_after: 26h, heartbeat_url: "https://example.com/x"}
"""
NOTIFIERS = b"""oncall:
  class: airflow.providers.http.notifications.http.HttpNotifier
  only: [failed, missing]
  http_conn_id: pager
  json: {subject: "{{ alert.subject }}"}
"""
WOUNDS = st.sampled_from(
    [
        *(b"&a [*a, *a]", b"*a", b"&a", b"!!python/object/apply:os.system [x]", b"!x", b"!!binary x", b"!!set {a}"),
        *(
            b"<<: {a: b}",
            b"? a\n: b",
            b"- a",
            b"a: b: c",
            b"---\n",
            b"...\n",
            b"%YAML 9.9\n",
            b"|\n",
            b">-\n",
            b"\t",
            b"#",
        ),
        *(b"1" * 5000, b"1:2:3", b"0o17", b"1e400", b".nan", b"-.inf", b"2026-13-45", b"2026-11-22T99:00:00Z", b"~"),
        *(
            b"[" * 3000,
            b"{a: " * 3000,
            b'"\\ud800"',
            b'"\\U0010ffff"',
            b'"\\x00"',
            b"\xff",
            b"\x00",
            b"\x85",
            b"\xe2\x80\xa8",
        ),
        *(
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"\r",
            b"\x0b",
            b"\x1b[2J",
            b"@",
            b"`",
            b"%",
            b'"',
            b"'",
            b"{{ x }}",
            b"P1D",
            b"26h",
        ),
        *(
            b"$$",
            b"$a$",
            b"/*",
            b"*/",
            b"--",
            b";",
            b"E'\\'",
            b"\\copy x from y",
            b"\\.",
            b":x",
            b"::",
            b"COMMIT;",
            b"BEGIN;",
        ),
        *(b"DO $$ BEGIN COMMIT; END $$;", b"/* /* */", b'U&"d\\0061t"', b"COPY x FROM stdin;", b"-- title: x\n", b"?"),
    ]
)


@st.composite
def wounded_text(draw: st.DrawFn, body: bytes) -> bytes:
    """A file as somebody might have left it: at some places there is something else."""
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            at = draw(st.integers(0, len(body)))
        else:  # where a value begins, or a line
            places = [0, *(n + 2 for n in range(len(body) - 2) if body[n : n + 2] == b": "), *_line_starts(body)]
            at = draw(st.sampled_from(places))
        end = draw(st.sampled_from([at, at + 1, (body.find(b"\n", at) if b"\n" in body[at:] else len(body))]))
        body = (
            body[:at]
            + draw(WOUNDS | HOSTILE_TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
            + body[end:]
        )
    return body


def _line_starts(body: bytes) -> Iterator[int]:
    return (n + 1 for n in range(len(body)) if body[n : n + 1] == b"\n")


def broken(body: bytes) -> st.SearchStrategy[bytes]:
    return wounded_text(body) | wounded_text(body) | damaged(body) | st.binary(max_size=60)


NAMES = st.one_of(
    st.sampled_from(
        [
            *(
                b"shop",
                b"Shop",
                b"a b",
                b"-x",
                b".x",
                b"x.y",
                b"a\nb",
                b"a\x1b[2Jb",
                b"\xff\xfe",
                b"\xc3\xa9",
                b"x" * 200,
            ),
            *(
                b"$(x)",
                b"a'b",
                b'a"b',
                b"a;b",
                b"a%s",
                b"\xf0\x9f\x98\x80",
                b"__init__",
                b"CON",
                b"a\\b",
                b"0_init",
                b"*",
            ),
        ]
    ),
    st.binary(min_size=1, max_size=8).filter(lambda name: not {0, 47} & set(name) and name not in {b".", b".."}),
)
_numbers = itertools.count()


class Folder:
    """An include folder of one example, in the memory of this machine where it has such a disk."""

    def __init__(self, place: Path) -> None:
        self.path = place / str(next(_numbers))
        self.path.mkdir()

    def write(self, name: str | bytes, body: bytes) -> None:
        """Write a file, whatever its name."""
        path = self.path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def shell(self, *words: str) -> int:
        """The exit status of ``python -m dbops``, by which no database and no bucket is found."""
        around = Surroundings(
            self.path,
            open_bucket=_nowhere,
            look_up_database=_nowhere,
            address_of=_nowhere,
            clock=Clock(NOW),
            who="tester",
        )
        with terminal() as (out, err):
            status = main(words, around)
        said = out.text() + err.text()
        assert "Traceback" not in said
        assert "bug in dbops itself" not in said, said
        if "--json" in words:
            json.loads(out.text())
        return status


def _nowhere(*_of: object) -> NoReturn:
    raise InvalidConnection("Nothing outside is there.", "")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("includes")


@contextlib.contextmanager
def include(place: Path, files: Mapping[str, bytes]) -> Iterator[Folder]:
    folder = Folder(place)
    try:
        for name, body in files.items():
            folder.write(name, body)
        yield folder
    finally:
        shutil.rmtree(folder.path)


def expect_readable(faults: tuple[Fault, ...], files: Mapping[str, bytes]) -> None:
    """Each fault names a file, a line that it has, and one sentence."""
    for fault in faults:
        assert fault.sentence
        assert "Traceback" not in str(fault)
        lines = len(files.get(fault.path, b"").decode(errors="replace").splitlines()) + 1
        assert fault.line is None or 1 <= fault.line <= lines, fault
        str(fault).encode()


TARGET_FILES = {
    "targets/shop.yaml": EVERY_KEY,
    "defaults.yaml": (INCLUDE / "defaults.yaml").read_bytes(),
    "notifiers.yaml": NOTIFIERS,
    "retired.yaml": b"# gone\nwiki: replaced by blog, 2026-11-27\nnews: given up\n",
}


@fuzzed(80)
@given(st.data())
def test_target_files_are_used_or_refused_by_file_line_and_sentence(place: Path, data: st.DataObject) -> None:
    files = dict(TARGET_FILES)
    for name in data.draw(st.sets(st.sampled_from(sorted(files)), min_size=1, max_size=2)):
        files[name] = data.draw(broken(files[name]))
    with include(place, files) as folder:
        found, notifiers = read_targets(folder.path), read_notifiers(folder.path)
        retired = read_retired(folder.path, named_targets(folder.path) or ())
        faults = (
            *found.faults,
            *notifier_faults(folder.path, found.targets.values(), notifiers),
            *retired.faults,
        )
        expect_readable(faults, files)
        assert retired.names is not None or retired.faults
        assert found.targets or found.faults
        for target in found.targets.values():
            assert Layout(target.root).index.endswith(f"_indexes/{target.name}.json")
            assert ".." not in target.root.split("/")
            verdicts = Verdicts(failed={}, doubtful=[], proven=[])
            plan = plan_retention([BackupId.at(NOW)], [], target.retention, NOW, target.zone, **verdicts)
            assert plan.expire == {}
            for cron in (target.schedule.backup, target.schedule.check, target.schedule.probe, target.schedule.drill):
                if cron is not None:
                    CronRuns(cron, target.zone).first_after(NOW)
        assert folder.shell("targets") == folder.shell("targets", "--json") == (2 if faults else 0)
        assert folder.shell("backup", "shop") == 2


@fuzzed(30)
@given(st.data())
def test_files_of_any_name_are_targets_or_faults(place: Path, data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    with include(place, {"defaults.yaml": b"environment: development\nstorage: {bucket: vault}\n"}) as folder:
        for name in names:
            with contextlib.suppress(OSError):  # a file system that takes no such name
                folder.write(b"targets/" + name + b".yaml", b"connection: x\n")
            how, link = data.draw(st.sampled_from(["none", "loop", "nowhere", "folder"])), folder.path / "targets"
            link.mkdir(exist_ok=True)
            link /= f"link{len(list(link.iterdir()))}.yaml"
            if how == "folder":
                link.mkdir()
            elif how != "none":
                link.symlink_to(link if how == "loop" else "nowhere.yaml")
        found = read_targets(folder.path)
        expect_readable(found.faults, {})
        assert folder.shell("targets") in {0, 2}
        assert folder.shell("targets", "--json") in {0, 2}
        for asked in (*found.targets, "shop", "../defaults"):
            assert folder.shell("backup", asked) == 2


PROBES = {path.name: path.read_bytes() for path in (INCLUDE / f"sql/{APP}/probes").glob("*.sql")}


@fuzzed(150)
@given(st.data())
def test_probes_are_used_or_refused_by_file_and_sentence(place: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PROBES)))
    body = data.draw(broken(PROBES[name]))
    shown = os.fsdecode(data.draw(st.just(name.encode()) | NAMES.map(lambda other: other + b".sql")))
    with include(place, {}) as folder:
        try:
            folder.write(f"sql/{APP}/probes/{shown}", body)
        except OSError:
            return
        has_probes(folder.path, APP)
        try:
            for probe in read_probes(folder.path, APP):
                assert probe.statements
                assert probe.budget_ms > 0
        except InvalidRequest as refused:
            expect_words(refused)


MIGRATIONS = INCLUDE / f"sql/{APP}/migrations"
TEXTS = {path.parent.name: path.read_bytes() for path in MIGRATIONS.glob("*/migration.sql")}


@fuzzed(120)
@given(st.data())
def test_migrations_are_used_or_refused_by_file_and_sentence(place: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(TEXTS)))
    body = data.draw(broken(TEXTS[name][-3000:]))
    shown = os.fsdecode(data.draw(st.just(name.encode()) | NAMES))
    lock = data.draw(st.just(b'provider = "postgresql"\n') | broken(b'provider = "postgresql"\n'))
    down = data.draw(st.none() | broken(b"DROP INDEX CONCURRENTLY x;\n"))
    with include(place, {f"sql/{APP}/migrations/migration_lock.toml": lock}) as folder:
        try:
            folder.write(f"sql/{APP}/migrations/{shown}/migration.sql", body)
        except OSError:
            return
        if down is not None:
            folder.write(f"sql/{APP}/migrations/{shown}/down.sql", down)
        if data.draw(st.booleans()):
            folder.write(f"sql/{APP}/migrations/0_folder/migration.sql/x", b"")
        for migration in unproven_migrations(folder.path, APP):
            assert migration.checksum
            assert migration.name.isprintable()
        try:
            read_migrations(folder.path, APP)
        except InvalidRequest as refused:
            expect_words(refused)


SUITES = {path.name: path.read_bytes() for path in (INCLUDE / f"expectations/{APP}").glob("*.yaml")}
QUERY = (INCLUDE / f"sql/{APP}/checks/summaries_charged.sql").read_bytes()


@fuzzed(50)
@given(st.data())
def test_expectations_are_used_or_told_as_rules_that_could_not_be_evaluated(place: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SUITES)))
    body, query = data.draw(broken(SUITES[name][:4000])), data.draw(broken(QUERY))
    files = {f"expectations/{APP}/{name}": body, f"sql/{APP}/checks/summaries_charged.sql": query}
    with include(place, files) as folder:
        found = read_suites(folder.path, APP)
        for fault in found.faults:
            assert fault.sentence
            f"{fault.sentence} {fault.source} {fault.subject} {fault.rule_id} {fault.description}".encode()
        tables_with_suites(folder.path, APP)
        try:
            read_baseline(folder.path, APP)
        except InvalidRequest as refused:
            expect_words(refused)


def expect_words(refused: InvalidRequest) -> None:
    """It says what is wrong, where, and what to do, in words that can be shown and stored."""
    assert refused.what
    assert refused.remedy
    str(refused).encode()
