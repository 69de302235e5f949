"""Promise: checks say what is broken, for how many days, and when it is well again, and keep what they found."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.checks.report import CheckReport
from dbops.domain.checks.suite import Outcome
from dbops.domain.ledger.seen_migrations import SeenMigrations
from dbops.domain.ledger.table import ledger_time
from dbops.domain.report import Verdict
from dbops.domain.schema.collation_versions import OldCollation
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DatabaseError, InvalidRequest
from dbops.gateways.files.migration_files import unproven_migrations
from dbops.gateways.migrating.ledger import LedgerSession
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.check_runs import read_check_runs
from dbops.gateways.store.target_indexes import read_index
from dbops.jobs.backups.holds import hold
from dbops.jobs.checks.baseline import baseline
from dbops.jobs.checks.check import check
from demo.postgres import EmbeddedPostgres
from tests.backups import execute, target
from tests.unit.samples import manifest

SHOP = (
    "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, age int)",
    "CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers, total numeric NOT NULL)",
    "INSERT INTO customers SELECT n, 'customer ' || n, 20 + n % 60 FROM generate_series(1, 200) n",
    "INSERT INTO orders SELECT n, n, n FROM generate_series(1, 200) n",
)
ORDERS = """
table: public.orders
expectations:
  - type: expect_rows_to_satisfy
    kwargs: {condition: 'total > 0'}
    meta: {description: an order costs something}
  - type: expect_rows_to_have_parent
    kwargs: {columns: [customer], parent: public.customers, parent_columns: [id]}
"""


@dataclass
class Checking:
    """A database with a schema.yaml and one suite, and a clock that a test moves."""

    url: str
    bucket: S3Bucket
    include: Path
    options: dict[str, Any] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def target(self) -> Target:
        document = target(self.bucket.name).model_dump(mode="json", exclude_unset=True)
        return Target.model_validate({**document, "checks": self.options})

    @property
    def suite(self) -> Path:
        return self.include / "expectations" / self.target.name / "orders.yaml"

    def write_rules(self) -> None:
        address = DatabaseAddress.from_url(self.url)
        baseline(self.target, address, include=self.include, clock=lambda: self.now)
        for starter in self.suite.parent.glob("*.yaml"):
            if starter.name != "schema.yaml":
                starter.unlink()
        self.suite.write_text(ORDERS)

    def check(self, address: DatabaseAddress | None = None, **asked: Any) -> CheckReport:
        return check(
            self.target,
            address or DatabaseAddress.from_url(self.url),
            self.bucket,
            include=self.include,
            run="test",
            clock=lambda: self.now,
            **asked,
        )

    def next_night(self) -> None:
        self.now += timedelta(days=1)


@pytest.fixture
def checking(empty_database: str, bucket: S3Bucket, tmp_path: Path) -> Checking:
    execute(empty_database, *SHOP)
    include = tmp_path / "include"
    (include / "sql").mkdir(parents=True)  # of its own: tests write probes there
    (include / "sql/catalog").symlink_to(Path(__file__).parents[2] / "include/sql/catalog")
    made = Checking(empty_database, bucket, include)
    made.write_rules()
    return made


def test_a_database_that_obeys_is_well_and_what_was_found_is_kept(checking: Checking) -> None:
    report = checking.check()

    assert report.verdict is Verdict.OK, report.markdown()
    [run] = read_check_runs(checking.bucket, checking.target, 10)
    assert run.results == report.results
    assert run.rows["public.orders"] == 200
    assert run.docs == report.docs
    assert report.docs.endswith("/index.html")
    key = report.docs.removeprefix(f"s3://{checking.bucket.name}/")
    assert b"<html" in checking.bucket.get(key).lower()


def test_a_broken_rule_counts_its_days_and_recovers(checking: Checking) -> None:
    execute(checking.url, "UPDATE orders SET total = -1 WHERE id = 7")
    first = checking.check()
    checking.next_night()
    second = checking.check()
    execute(checking.url, "UPDATE orders SET total = 1 WHERE id = 7")
    checking.next_night()
    third = checking.check()

    assert first.verdict is Verdict.FAILED
    [broken] = first.bad
    assert (broken.rows, broken.keys) == (1, ("7",))
    assert "day" not in first.told(broken)
    assert "(day 2)" in second.told(second.bad[0])
    assert third.verdict is Verdict.OK
    assert third.recovered == ("public.orders: an order costs something",)
    assert (first.was_red, second.was_red, third.was_red) == (False, True, True)


def test_what_is_broken_names_the_last_run_that_was_well_and_the_newest_backup_from_before(checking: Checking) -> None:
    """One that is held already is named no more: there is nothing left to do about it."""
    layout = Layout(checking.target.root)
    taken = [BackupId.at(checking.now + timedelta(hours=hours)) for hours in (-30, -6, 6)]
    for backup_id in taken:
        body = manifest(backup_id, of=checking.target.name).to_json()
        checking.bucket.put(layout.manifest(backup_id), body)
    well = checking.check()
    execute(checking.url, "UPDATE orders SET total = -1 WHERE id = 7")
    checking.next_night()
    first = checking.check()
    checking.next_night()
    hold(checking.target, checking.bucket, taken[1], until=None, reason="damage", by="eve", clock=lambda: checking.now)
    second = checking.check()

    assert (well.last_well, well.backup_before) == (None, None)
    assert (first.last_well, first.backup_before) == (well.started, taken[1])
    assert (second.last_well, second.backup_before) == (well.started, None)


def test_the_index_tells_of_the_newest_checks(checking: Checking) -> None:
    checking.check()
    execute(checking.url, "UPDATE orders SET total = -1 WHERE id = 7")
    checking.next_night()
    report = checking.check()

    index = read_index(checking.bucket, checking.target)

    assert index is not None
    assert index.checks is not None
    assert index.checks.check_id == BackupId.at(report.started)
    assert index.checks.is_red
    assert index.checks.worst == ("public.orders: an order costs something",)
    assert index.checks.docs == report.docs


def test_the_migrations_are_kept_with_what_was_found_and_their_logs_are_not(checking: Checking) -> None:
    folder = checking.include / "sql" / checking.target.name / "migrations"
    names = ("1_init", "2_more", "3_next")
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "migration.sql").write_text(f"-- {name}\n")
    init, more, _ = unproven_migrations(checking.include, checking.target.name)
    checking.check()
    with LedgerSession(DatabaseAddress.from_url(checking.url)) as ledger:
        ledger.create()
        ledger.mark_applied(init, checking.now)
        ledger.fail(ledger.begin(more, checking.now), "a row's value")
    checking.next_night()
    checking.check()

    before, after = (run.migrations for run in read_check_runs(checking.bucket, checking.target, 2))

    assert before == SeenMigrations(pending=names)
    assert after == SeenMigrations(
        applied=(("1_init", ledger_time(checking.now - timedelta(days=1))),), failed=("2_more",), pending=("3_next",)
    )
    assert b"a row's value" not in checking.bucket.get(Layout(checking.target.root).check(BackupId.at(checking.now)))


def test_a_target_without_migrations_has_none_in_its_checks(checking: Checking) -> None:
    checking.check()

    [run] = read_check_runs(checking.bucket, checking.target, 1)
    assert run.migrations is None


def test_what_is_no_ledger_is_told_and_makes_no_rule_red(checking: Checking) -> None:
    execute(checking.url, "CREATE VIEW _prisma_migrations AS SELECT 1 AS id")

    report = checking.check()

    [run] = read_check_runs(checking.bucket, checking.target, 1)
    assert run.migrations is not None
    assert "is not the ledger that Prisma Migrate creates" in run.migrations.unknown
    assert report.verdict is not Verdict.FAILED


def test_a_changed_schema_is_named_beside_the_data(checking: Checking) -> None:
    execute(checking.url, "ALTER TABLE customers ALTER name DROP NOT NULL", "ALTER TABLE orders ADD COLUMN note text")

    report = checking.check()

    assert {result.group for result in report.bad} == {"schema"}
    assert len(report.bad) == 2


def test_indexes_that_the_operating_system_sorts_otherwise_now_are_named_until_the_version_is_right(
    checking: Checking, moved_database: str
) -> None:
    checking.url = moved_database
    execute(
        moved_database,
        *SHOP,
        "CREATE COLLATION old (provider = builtin, locale = 'C.UTF-8', version = '0')",
        "CREATE COLLATION unused (provider = builtin, locale = 'C.UTF-8', version = '0')",
        """CREATE TABLE words (id int PRIMARY KEY, own text, byte text COLLATE "C", other text COLLATE old)""",
        "CREATE INDEX plain ON words (own)",
        "CREATE INDEX counted ON words (id, byte)",
        "CREATE INDEX bytes ON words (own text_pattern_ops)",
        "CREATE INDEX written ON words (length(own)) WHERE own > 'm'",
        "CREATE INDEX others ON words (other)",
        "CREATE INDEX conditional ON words (id) WHERE other < 'm'",
    )
    checking.options = {"severity": {"extra_table": "ignore"}}

    report = checking.check()

    assert {result.rule_id.partition(":")[2]: sorted(re.findall(r'CONCURRENTLY "public"."(\w+)"', result.sql))
            for result in report.bad} == {
        f"database {moved_database.rpartition('/')[2]}": ["plain", "written"],
        "collation public.old": ["conditional", "others"],
    }  # fmt: skip
    assert report.verdict is Verdict.WARNING
    execute(moved_database, *(line for result in report.bad for line in result.sql.splitlines()))
    again = checking.check()
    assert again.bad == ()
    assert len(again.recovered) == 2


def test_a_server_that_does_not_say_how_it_sorts_hides_no_other_rule(
    checking: Checking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: DatabaseAddress) -> list[OldCollation]:
        raise DatabaseError("The server refused: could not open collator for locale.")

    monkeypatch.setattr("dbops.jobs.checks.check.read_old_collations", refused)

    report = checking.check()

    assert [(result.rule_id, result.outcome) for result in report.bad] == [("collation_version", Outcome.NOT_EVALUATED)]
    assert report.verdict is Verdict.WARNING


def test_a_cluster_without_data_checksums_is_noted_and_alerts_nobody(checking: Checking) -> None:
    with psycopg.connect(checking.url) as connection:
        has_them = connection.execute("SHOW data_checksums").fetchone() == ("on",)

    report = checking.check()

    assert report.verdict is Verdict.OK
    assert ("The cluster has no data checksums" in report.markdown()) is not has_them


def test_a_table_that_shrank_fails_though_no_rule_says_so(checking: Checking) -> None:
    checking.check()
    execute(checking.url, "DELETE FROM orders WHERE id > 90")
    checking.next_night()

    [bad] = checking.check().bad

    assert "public.orders has shrunk: 90 rows" in bad.sentence


def test_orphans_under_a_valid_key_are_found_on_the_day_of_the_full_checks(checking: Checking) -> None:
    with psycopg.connect(checking.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM customers WHERE id = 3")
    today = f"{checking.now:%A}".lower()
    other = f"{checking.now + timedelta(days=3):%A}".lower()

    checking.options = {"full_on": other}
    assert checking.check().verdict is Verdict.OK
    assert checking.check(full=True).verdict is Verdict.FAILED
    checking.options = {"full_on": today}
    report = checking.check()

    assert report.full
    assert [bad.keys for bad in report.bad] == [("3",)]


def test_a_rule_that_cannot_be_asked_is_neither_broken_nor_well(checking: Checking) -> None:
    checking.suite.write_text(ORDERS.replace("total > 0", "totl > 0"))

    report = checking.check()

    assert report.verdict is Verdict.FAILED
    assert report.counts()[Outcome.FAILED.value] == 0
    [unknown] = report.those(Outcome.NOT_EVALUATED)
    assert "orders.yaml:4" in unknown.source


def test_only_the_last_data_docs_are_kept(checking: Checking) -> None:
    checking.options = {"keep_docs": 2}
    for _ in range(3):
        checking.check()
        checking.next_night()

    root = f"{checking.target.root}docs/"
    assert len({stored.key.removeprefix(root).split("/")[0] for stored in checking.bucket.list(root)}) == 2
    assert len(read_check_runs(checking.bucket, checking.target, 10)) == 3


def test_the_role_of_the_page_may_all_that_checks_need(checking: Checking) -> None:
    page = (Path(__file__).parents[2] / "docs/checks.md").read_text()
    block = page.partition("## What the role needs")[2].partition("```sql\n")[2].partition("```")[0]
    execute(checking.url, "CREATE TABLE tickets (id serial PRIMARY KEY)", "INSERT INTO tickets DEFAULT VALUES")
    (checking.suite.parent / "schema.yaml").unlink()
    checking.write_rules()
    with psycopg.connect(checking.url, autocommit=True) as connection:
        name, owner = connection.info.dbname, connection.info.user
        role = f"checker_of_{name}"
        for words, ours in (("dbops", role), ("DATABASE shop", f'DATABASE "{name}"'), ("shop_owner", owner)):
            block = block.replace(words, ours)
        connection.execute(block.encode())
        try:
            checking.url = psycopg.conninfo.make_conninfo(checking.url, user=role, password="choose-a-long-one")
            report = checking.check(full=True)
        finally:
            connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())

    assert report.verdict is Verdict.OK, report.markdown()
    assert report.tables == 1


def test_a_target_without_rules_is_told_how_to_make_them(checking: Checking) -> None:
    for file in checking.suite.parent.iterdir():
        file.unlink()
    checking.suite.parent.rmdir()

    with pytest.raises(InvalidRequest, match="python -m dbops baseline vault"):
        checking.check()


_BY_ID = """-- title: a customer by id
-- model: Customer
-- budget: 50ms
-- draw:
--   hit: SELECT id AS customer FROM customers ORDER BY id LIMIT 5
SELECT id, name FROM public.customers WHERE id = :customer
"""
_ORDER = """-- title: place an order
-- model: Order
-- budget: 50ms
-- writes: true
INSERT INTO public.orders (id, customer, total) VALUES (99999, 1, 1)
"""


def _write_probes(checking: Checking) -> Path:
    folder = checking.include / "sql" / checking.target.name / "probes"
    folder.mkdir(parents=True)
    (folder / "customer_by_id.sql").write_text(_BY_ID)
    (folder / "order_create.sql").write_text(_ORDER)
    return folder


def test_the_smoke_test_executes_every_operation_and_leaves_no_row(checking: Checking) -> None:
    _write_probes(checking)
    report = checking.check()
    assert report.verdict is Verdict.OK
    assert report.operations == "Customer 1/1, Order 1/1"
    assert "Operations that work: Customer 1/1, Order 1/1." in report.markdown()
    with psycopg.connect(checking.url) as connection:
        assert connection.execute("SELECT count(*) FROM orders WHERE id = 99999").fetchone() == (0,)


def test_an_operation_that_fails_is_red_and_named(checking: Checking) -> None:
    _write_probes(checking)
    execute(checking.url, "ALTER TABLE orders ADD CONSTRAINT cheap CHECK (total > 5) NOT VALID")
    report = checking.check()
    assert report.verdict is Verdict.FAILED
    (bad,) = [one for one in report.bad if one.group == "operation"]
    assert (bad.subject, bad.outcome) == ("order_create", Outcome.FAILED)
    assert "check violation (23514)" in bad.sentence
    assert report.operations == "Customer 1/1, Order 0/1"


@pytest.fixture
def reader(checking: Checking, postgres_server: EmbeddedPostgres) -> Iterator[DatabaseAddress]:
    """The checked database as the role that docs/add-a-database.md has people create: it reads all, and no more."""
    role = f"reader_{secrets.token_hex(4)}"
    postgres_server.create_role(role, "word")
    execute(checking.url, f"GRANT pg_read_all_data TO {role}")
    database = str(psycopg.conninfo.conninfo_to_dict(checking.url)["dbname"])
    yield DatabaseAddress.from_url(postgres_server.url(database, user=role, password="word"))
    execute(checking.url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_what_a_role_that_only_reads_may_not_do_is_a_warning_that_says_what_to_grant(
    checking: Checking, reader: DatabaseAddress
) -> None:
    _write_probes(checking)
    report = checking.check(address=reader)

    assert report.verdict is Verdict.WARNING
    (bad,) = [one for one in report.bad if one.group == "operation"]
    assert (bad.subject, bad.outcome, bad.severity) == ("order_create", Outcome.NOT_EVALUATED, "warning")
    assert 'GRANT INSERT ON "public"."orders" TO' in bad.sentence
    assert "probes.connection" in bad.sentence
    assert report.operations == "Customer 1/1"


def test_operations_are_executed_as_a_role_of_their_own(checking: Checking, reader: DatabaseAddress) -> None:
    _write_probes(checking)
    report = checking.check(address=reader, probing=DatabaseAddress.from_url(checking.url))

    assert report.verdict is Verdict.OK
    assert report.operations == "Customer 1/1, Order 1/1"


def test_an_operation_without_a_row_to_ask_for_is_a_warning(checking: Checking) -> None:
    folder = _write_probes(checking)
    text = (folder / "customer_by_id.sql").read_text()
    assert "-- draw:" in text
    (folder / "customer_by_id.sql").write_text(text.replace("FROM customers", "FROM customers WHERE false", 1))
    report = checking.check()

    assert report.verdict is Verdict.WARNING
    (bad,) = [one for one in report.bad if one.group == "operation"]
    assert (bad.subject, bad.outcome, bad.severity) == ("customer_by_id", Outcome.NOT_EVALUATED, "warning")
    assert "gives no row" in bad.sentence
    assert report.operations == "Order 1/1"


def test_a_probe_that_cannot_be_read_could_not_be_evaluated_and_hides_no_rule(checking: Checking) -> None:
    (_write_probes(checking) / "order_create.sql").write_text("COMMIT")
    report = checking.check()
    (bad,) = [one for one in report.bad if one.group == "operation"]
    assert bad.outcome is Outcome.NOT_EVALUATED
    assert "order_create.sql" in bad.sentence
    assert [one for one in report.results if one.group == "data"]
