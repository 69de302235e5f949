"""Promise: a run of the probes names what has become slow and why, keeps what it measured, and leaves no trace."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.probes.report import ProbeReport
from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedProbes
from dbops.errors import InvalidRequest
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.probe_runs import read_probe_runs
from dbops.gateways.store.target_indexes import read_index
from dbops.jobs.probes.probe import probe
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create, generate
from tests.backups import execute, target
from tests.validating import cloned

pytestmark = pytest.mark.timeout(900)  # five runs of all operations, on a machine that may be busy

INCLUDE = Path(__file__).parents[2] / "include"


@dataclass
class Probing:
    """A database with the reference application's probes, and a clock that a test moves."""

    url: str
    bucket: S3Bucket
    include: Path
    options: dict[str, Any] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def target(self) -> Target:
        document = target(self.bucket.name).model_dump(mode="json", exclude_unset=True)
        return Target.model_validate({**document, "name": "summary_app", "probes": self.options})

    @property
    def folder(self) -> Path:
        return self.include / "sql/summary_app/probes"

    def only(self, *names: str) -> None:
        for file in self.folder.glob("*.sql"):
            if file.stem not in names:
                file.unlink()

    def probe(self, weeks: int = 1, address: DatabaseAddress | None = None, **more: Any) -> ProbeReport:
        self.now += timedelta(weeks=weeks)
        address = address or DatabaseAddress.from_url(self.url)
        return probe(
            self.target, address, self.bucket, include=self.include, run="test", clock=lambda: self.now, **more
        )

    def write(self, name: str, sql: str, **header: Any) -> None:
        keys = {"title": name, "model": "Test", "budget": "30s", **header}
        lines = [f"-- {key}: {value}" for key, value in keys.items()]
        (self.folder / f"{name}.sql").write_text("\n".join([*lines, sql]))

    def tell(self, *statements: str) -> None:
        execute(self.url, *statements)

    def checksums(self) -> dict[str, str]:
        query = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} AS t"
        with psycopg.connect(self.url) as connection:
            tables = connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            return {
                table: connection.execute(query.format(table).encode()).fetchone()[0]  # type: ignore[index]
                for (table,) in tables
            }


@pytest.fixture(scope="module")
def sample(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a sample database, to be copied."""
    name = "probed_sample"
    postgres_server.create_database(name)
    create(postgres_server.url(name))
    generate(postgres_server.url(name), 0.3)  # large enough for an index to be missed
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def probing(postgres_server: EmbeddedPostgres, sample: str, bucket: S3Bucket, tmp_path: Path) -> Iterator[Probing]:
    include = tmp_path / "include"
    for part in ("sql", "expectations", "report"):
        shutil.copytree(INCLUDE / part, include / part)
    for file in (include / "sql/summary_app/probes").glob("*.sql"):
        # A machine that runs other tests meanwhile keeps no budget of a quiet one; here it is history that counts.
        file.write_text(re.sub(r"(?<=-- budget: ).*", "30s", file.read_text()))
    with cloned(postgres_server.url(), "probed_sample", f"probed_{secrets.token_hex(4)}") as url:
        yield Probing(url, bucket, include)


def test_a_first_run_is_well_and_proposes_just_the_two_indexes_that_the_sample_lacks(probing: Probing) -> None:
    before = probing.checksums()
    report = probing.probe()

    assert report.verdict is Verdict.OK, report.markdown()
    assert report.totals.models() == (
        "Category/Tag 2/2, pooling 1/1, ShareLink 1/1, Summary 4/4, transactions 2/2, UsageEvent 3/3, User 3/3"
    )
    assert {(one.name, one.origin) for one in report.record.proposals} == {
        ("Summary_userId_createdAt_idx", "recommended"),
        ("UsageEvent_userId_createdAt_idx", "recommended"),
    }
    assert all("CREATE INDEX CONCURRENTLY" in one.statement for one in report.record.proposals)
    assert probing.checksums() == before


def test_what_it_measured_lies_in_the_bucket_with_a_page_and_migrations(probing: Probing) -> None:
    report = probing.probe()

    layout, found = Layout(probing.target.root), report.record
    assert read_probe_runs(probing.bucket, probing.target, 9) == [found]
    index = read_index(probing.bucket, probing.target)
    assert index is not None
    assert index.probes == IndexedProbes.of(found)
    assert index.probes.page == found.page
    folder = layout.probe_page(found.probe_id)
    keys = [stored.key.removeprefix(folder) for stored in probing.bucket.list(folder)]
    assert {"index.html", "overview.png", "trend.png", "distribution.png"} <= set(keys)
    assert [key.rpartition("/")[2] for key in keys if key.startswith("migrations/")] == [
        "down.sql",
        "migration.sql",
    ] * 2
    assert found.page == f"s3://{probing.bucket.name}/{folder}index.html"
    assert b"CREATE INDEX CONCURRENTLY" in probing.bucket.get(f"{folder}index.html")


@pytest.mark.quiet
def test_five_runs_of_an_unchanged_database_raise_no_alert(probing: Probing) -> None:
    verdicts = [probing.probe().verdict for _ in range(5)]
    assert verdicts == [Verdict.OK] * 5


@pytest.mark.quiet
def test_an_index_that_is_gone_is_named_with_its_operation_and_proposed(probing: Probing) -> None:
    probing.only("user_find_by_id", "user_find_by_email", "share_link_by_slug")
    probing.tell(
        'INSERT INTO "User" (id, email, "updatedAt") '
        "SELECT 'extra' || n, n || '@extra.example.com', now() FROM generate_series(1, 200000) n",
        'ANALYZE "User"',
    )
    for _ in range(3):
        assert probing.probe().verdict is Verdict.OK
    probing.tell('DROP INDEX "User_email_key"')

    report = probing.probe()

    assert [one.probe for one in report.bad] == ["user_find_by_email"]
    (bad,) = report.bad
    assert bad.slower is not None
    (proposal,) = report.record.proposals
    assert (proposal.name, proposal.origin) == ("User_email_key", "baseline")
    assert 'CREATE UNIQUE INDEX CONCURRENTLY "User_email_key"' in proposal.statement
    assert {"missing_index", "plan_changed"} <= {one.kind for one in bad.advice}
    assert bad.explained
    assert bad.explained[0].before


@pytest.mark.quiet
def test_a_trigger_that_sleeps_is_named_with_its_operation_alone(probing: Probing) -> None:
    probing.only("user_find_by_id", "user_update", "usage_event_create")
    for _ in range(3):
        assert probing.probe().verdict is Verdict.OK
    probing.tell(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.03); RETURN NEW; END$$",
        'CREATE TRIGGER slow BEFORE UPDATE ON "User" FOR EACH ROW EXECUTE FUNCTION slow()',
    )

    report = probing.probe()

    assert [one.probe for one in report.bad] == ["user_update"]
    assert report.reason(report.bad[0]).startswith("Likely reason: The trigger slow of User took ")
    assert any("slow" in escape for escape in report.record.escapes)


def test_an_operation_that_always_takes_too_long_fails_with_its_plan_and_what_it_lacks(probing: Probing) -> None:
    probing.options = {"statement_timeout": "1s"}
    probing.only("user_find_by_id", "user_find_by_email")
    probing.tell(
        'INSERT INTO "User" (id, email, "updatedAt") '
        "SELECT 'extra' || n, n || '@extra.example.com', now() FROM generate_series(1, 20000) n",
        'DROP INDEX "User_email_key"',
        'ANALYZE "User"',
    )
    file = probing.folder / "user_find_by_email.sql"
    file.write_text(re.sub(r"(WHERE .*)", r"\1 AND pg_sleep(9) IS NOT NULL", file.read_text()))

    report = probing.probe()

    (bad,) = report.bad
    assert (bad.probe, bad.latency) == ("user_find_by_email", None)
    assert "Seq Scan" in bad.explained[0].text
    assert [one.kind for one in bad.advice] == ["missing_index"]
    assert [one.name for one in report.gone] == ["User_email_key"]


def test_what_was_not_measured_is_named_and_a_warning_when_it_is_not_measured_again(probing: Probing) -> None:
    probing.only("user_find_by_id", "connection_pool")
    with psycopg.connect(probing.url) as connection:
        (limit,) = connection.execute("SELECT current_setting('max_connections')::int").fetchone() or (0,)
    probing.options = {"free_connections": 100 * (limit - 8) // limit}

    once, again = probing.probe(), probing.probe()

    assert once.record.left_out == ("connection_pool",)
    assert "1 of 2 operations of summary_app is within its budget; 1 was not measured." in once.headline()
    assert (once.verdict, again.verdict) == (Verdict.OK, Verdict.WARNING)


def test_a_lock_that_somebody_holds_makes_the_operation_fail_and_not_the_run_wait(probing: Probing) -> None:
    probing.options = {"lock_timeout": "50ms"}
    probing.only("user_find_by_id", "usage_event_create")
    with psycopg.connect(probing.url) as other:
        other.execute('LOCK TABLE "UsageEvent" IN SHARE MODE')
        report = probing.probe()

    assert report.verdict is Verdict.FAILED
    (bad,) = report.bad
    assert bad.probe == "usage_event_create"
    assert "lock timeout" in bad.error


def test_an_error_that_a_second_measurement_does_not_see_is_a_note(probing: Probing) -> None:
    probing.only("user_find_by_id")
    probing.tell("CREATE SEQUENCE asked")
    nothing = """DELETE FROM "public"."User" WHERE "id" = 'nobody'"""
    first_sample = "SELECT 1 / (nextval('asked') > 2)::int"  # what comes before is the warm-up
    probing.write("once", f"{nothing};\n{first_sample}", writes="true", samples=5)

    report = probing.probe()

    assert report.verdict is Verdict.OK, report.markdown()
    assert (
        "once failed 1 time in 10 (division by zero (22012)), in only one of two measurements." in report.record.notes
    )


def test_what_no_time_is_left_to_confirm_is_a_note(probing: Probing) -> None:
    probing.only("user_find_by_id")
    probing.options = {"max_seconds": "1s"}
    probing.write("slow", "SELECT pg_sleep(0.3)", budget="1ms", samples=90)

    report = probing.probe()

    assert report.verdict is Verdict.OK, report.markdown()
    assert "max_seconds left no time to measure again what looked wrong: slow." in report.record.notes


def test_a_role_that_only_reads_probes_what_it_may_and_is_told_what_it_lacks(
    probing: Probing, postgres_server: EmbeddedPostgres
) -> None:
    probing.only("user_find_by_id", "user_update", "usage_event_create")
    role = f"reader_{secrets.token_hex(4)}"
    postgres_server.create_role(role, "word")
    probing.tell(f"GRANT pg_read_all_data TO {role}")
    database = str(psycopg.conninfo.conninfo_to_dict(probing.url)["dbname"])
    reader = DatabaseAddress.from_url(postgres_server.url(database, user=role, password="word"))
    try:
        report = probing.probe(address=reader)
        as_application = probing.probe(address=reader, probing=DatabaseAddress.from_url(probing.url))
    finally:
        probing.tell(f"DROP OWNED BY {role}", f"DROP ROLE {role}")

    assert report.verdict is Verdict.OK, report.markdown()
    assert [one.probe for one in report.record.results] == ["user_find_by_id"]
    update, insert = sorted((note for note in report.record.notes if "GRANT" in note), reverse=True)
    assert update.startswith("user_update was left out: permission denied for table User; GRANT UPDATE ON ")
    assert insert.startswith(
        "usage_event_create was left out: permission denied for table UsageEvent; GRANT INSERT ON "
    )
    assert len(as_application.record.results) == 3
    assert as_application.record.notes == ()


def test_an_empty_table_leaves_out_what_asks_for_its_rows_and_not_the_others(probing: Probing) -> None:
    probing.only("user_find_by_id", "share_link_by_slug")
    probing.tell('DELETE FROM "ShareLink"')

    report = probing.probe()

    assert report.verdict is Verdict.OK, report.markdown()
    assert "user_find_by_id" in [one.probe for one in report.record.results]
    assert any("share_link_by_slug" in note and "returns no row" in note for note in report.record.notes)


def test_one_bad_file_is_named_and_nothing_is_executed(probing: Probing) -> None:
    (probing.folder / "user_update.sql").write_text(
        "-- title: t\n-- model: User\n-- budget: 50ms\n-- writes: true\n"
        'UPDATE "public"."User" SET "nmae" = \'x\' WHERE false'
    )
    before = probing.checksums()
    with pytest.raises(InvalidRequest) as caught:
        probing.probe()
    assert "sql/summary_app/probes/user_update.sql:5" in str(caught.value)
    assert "nmae" in str(caught.value)
    assert read_probe_runs(probing.bucket, probing.target, 9) == []
    assert probing.checksums() == before


def test_no_value_of_a_row_is_kept_or_shown(probing: Probing) -> None:
    probing.only("user_find_by_email", "summary_list_newest", "user_update")
    probing.options = {"slower_by": 1, "slower_by_at_least": "0s"}
    (probing.folder / "user_find_by_email.sql").write_text(
        (probing.folder / "user_find_by_email.sql").read_text().replace("budget: 30s", "budget: 0.001ms")
    )
    report = probing.probe()
    assert [one.probe for one in report.bad] == ["user_find_by_email"]
    layout = Layout(probing.target.root)
    kept = [probing.bucket.get(stored.key) for stored in probing.bucket.list(layout.probes)]
    with psycopg.connect(probing.url) as connection:
        emails = [row[0] for row in connection.execute('SELECT email FROM "User"').fetchall()]
        ids = [row[0] for row in connection.execute('SELECT id FROM "User"').fetchall()]
    text = b"\n".join(kept).decode(errors="replace") + report.markdown() + report.to_json()
    assert [value for value in (*emails, *ids) if value in text] == []


@pytest.mark.quiet
def test_weeks_later_it_is_known_what_was_usual(probing: Probing) -> None:
    probing.only("user_find_by_id")
    for _ in range(4):
        report = probing.probe()
    assert report.usually["user_find_by_id"].runs == 3
    assert probing.now - report.started < timedelta(days=1)


def test_what_was_measured_is_not_lost_where_the_page_cannot_be_made(probing: Probing) -> None:
    probing.only("user_find_by_id")
    (probing.include / "report/probes.html.j2").write_text("{{ nothing_of_that_name }}")
    report = probing.probe()
    assert report.verdict is Verdict.OK
    assert report.record.page == ""
    assert any("The page with charts could not be made" in note for note in report.record.notes)
    assert read_probe_runs(probing.bucket, probing.target, 9) == [report.record]
