"""Promise: an archive is loaded, and compared, with the settings that its database had; they decide what rows mean."""

from __future__ import annotations

import secrets
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dbops.domain.report import Verdict
from dbops.errors import RestoreFailed
from tests.backups import execute
from tests.drills import Ground
from tests.loading import Loader
from tests.restoring import Restoring
from tests.schema_restores import Repair

# Where it is the next day already, from ten o'clock in the morning of the server's own zone on.
ZONE, TENANT = "Pacific/Kiritimati", r"it's \ a  tenant -c lock_timeout=1"
FAR = (
    "CREATE SCHEMA far",
    "CREATE TABLE far.visits (at timestamptz, day date, CONSTRAINT same_day CHECK (day = at::date))",
    "INSERT INTO far.visits SELECT t, t::date FROM generate_series(timestamptz '2026-01-01', '2026-01-09', '1 h') t",
    "CREATE MATERIALIZED VIEW far.days AS SELECT at::date AS day, count(*) AS n FROM far.visits GROUP BY 1",
    """CREATE MATERIALIZED VIEW far.said AS
       SELECT current_setting('TimeZone') AS zone, current_setting('app.tenant') AS tenant""",
    """CREATE TABLE far.logs (at timestamptz DEFAULT '2026-01-01 00:00') PARTITION BY RANGE (at)""",
    "CREATE TABLE far.january PARTITION OF far.logs FOR VALUES FROM ('2026-01-01 00:00') TO ('2026-02-01 00:00')",
    "INSERT INTO far.logs DEFAULT VALUES",
)


def set_far_away(url: str) -> None:
    """Give the database settings that its content depends on, and then that content."""
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    tenant = TENANT.replace("'", "''")
    execute(
        url,
        f"ALTER DATABASE {name} SET TimeZone = '{ZONE}'",
        f"ALTER DATABASE {name} SET app.tenant = '{tenant}'",
        f"ALTER DATABASE {name} SET search_path = far",
    )
    execute(url, *FAR)


def days(url: str, schema: str = "far") -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        found = connection.execute(sql.SQL("SELECT day, n FROM {}.days ORDER BY 1").format(sql.Identifier(schema)))
        return found.fetchall()


@pytest.fixture
def far(restoring: Restoring) -> Restoring:
    set_far_away(restoring.url)
    restoring.loader.back_up(restoring.url)
    return restoring


def test_a_swapped_database_has_the_materialized_views_of_its_source(far: Restoring) -> None:
    were = days(far.url)

    assert far.restored(mode="swap").verification is not None
    far.plan_swap()
    far.swap()

    assert far.ask("SELECT zone, tenant FROM far.said") == [(ZONE, TENANT)]
    assert days(far.url) == were
    assert far.ask("SELECT current_setting('TimeZone'), current_setting('app.tenant')") == [(ZONE, TENANT)]


def test_a_database_beside_is_what_the_backup_holds_and_keeps_no_settings(far: Restoring) -> None:
    record = far.restored(mode="beside")

    assert record.verification is not None
    assert record.verification.findings == ()
    assert far.ask("SELECT zone, tenant FROM far.said", record.database) == [(ZONE, TENANT)]
    assert days(far.url_of(record.database)) == days(far.url)
    assert far.ask("SELECT current_setting('app.tenant', true)", record.database) == [(None,)]


def test_the_backups_settings_count_where_the_live_ones_are_others_by_now(far: Restoring) -> None:
    were = days(far.url)
    far.tell(f"ALTER DATABASE {far.live} SET TimeZone = 'America/Los_Angeles'")

    plan = far.plan(mode="swap")
    record = far.bring_back()

    assert any("set TimeZone otherwise" in warning for warning in plan.warnings)
    assert not any(ZONE in warning for warning in plan.warnings)
    assert days(far.url_of(record.database)) == were
    far.plan_swap()
    far.swap()
    assert far.ask("SELECT current_setting('TimeZone')") == [("America/Los_Angeles",)]
    assert far.ask("SELECT zone FROM far.said") == [(ZONE,)]


def test_a_backup_of_a_database_that_is_gone_is_loaded_with_its_own(far: Restoring) -> None:
    were = days(far.url)
    far.plan(mode="beside")
    name = f"{far.live}__gone"
    far.tell(f"ALTER DATABASE {far.live} RENAME TO {name}", database="postgres")
    try:
        far.run = f"test-{secrets.token_hex(4)}"
        record = far.restored(mode="beside")
        found = days(far.url_of(record.database))
    finally:
        far.tell(f"ALTER DATABASE {name} RENAME TO {far.live}", database="postgres")

    assert found == were


def test_a_database_that_was_given_is_loaded_with_the_backups_settings(far: Restoring, restored_database: str) -> None:
    given = str(psycopg.conninfo.conninfo_to_dict(restored_database)["dbname"])

    record = far.restored(mode="into", into=given)

    assert record.verification is not None
    assert record.verification.findings == ()
    assert far.ask("SELECT zone, tenant FROM far.said", given) == [(ZONE, TENANT)]


def test_a_drill_holds_nothing_against_a_backup_that_is_whole_in_its_own_time_zone(
    ground: Ground, empty_database: str
) -> None:
    set_far_away(empty_database)
    ground.loader.back_up(empty_database)

    report = ground.drill()

    assert report.verification is not None
    assert report.verification.findings == ()
    assert report.verdict is Verdict.OK
    ground.expect_nothing_left()


def test_a_schema_comes_back_as_its_database_had_it(
    loader: Loader, empty_database: str, restored_database: str, tmp_path: Path
) -> None:
    set_far_away(empty_database)
    repair = Repair(loader, tmp_path / "repairs")
    loader.back_up(empty_database)

    restored = repair.restore(restored_database, "far", "far_again")

    assert restored.verification.errors == ()
    assert days(restored_database, "far_again") == days(empty_database)
    repair.expect_nothing_left()


def test_a_setting_that_the_server_does_not_take_is_told_and_no_verdict_blames_the_backup(
    ground: Ground, empty_database: str
) -> None:
    set_far_away(empty_database)
    loader = ground.loader
    loader.back_up(empty_database)
    # A zone that this server has no file of: as that of an older or newer system would be.
    loader.change_file("toc.dat", lambda body: body.replace(ZONE.encode(), b"Pacific/Kiritimatx"))

    with pytest.raises(RestoreFailed, match="same_day") as failed:
        ground.drill()

    assert "TimeZone" in str(failed.value)
    assert ground.verdicts() == []


def without_a_known_zone(loader: Loader, url: str) -> None:
    """Back a database up on whose settings nothing depends, in a zone that no server knows."""
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    execute(url, f"ALTER DATABASE {name} SET TimeZone = '{ZONE}'", "CREATE SCHEMA far", "CREATE TABLE far.t (n int)")
    loader.back_up(url)
    loader.change_file("toc.dat", lambda body: body.replace(ZONE.encode(), b"Pacific/Kiritimatx"))


def test_a_restore_tells_of_a_setting_that_the_server_does_not_take(restoring: Restoring) -> None:
    without_a_known_zone(restoring.loader, restoring.url)

    record = restoring.restored(mode="beside")

    assert record.settings_left_out == ("TimeZone",)
    assert record.verification is not None
    (finding,) = record.verification.findings
    assert finding.sentence.startswith("The database's own setting TimeZone could not be set for the load")
    assert (finding.severity, record.verification.ok) == ("warning", True)


def test_so_does_that_of_a_schema(loader: Loader, empty_database: str, restored_database: str, tmp_path: Path) -> None:
    repair = Repair(loader, tmp_path / "repairs")
    without_a_known_zone(loader, empty_database)

    restored = repair.restore(restored_database, "far", "far_again")

    assert restored.verification.ok
    assert any("own setting TimeZone could not" in warning for warning in restored.warnings)
