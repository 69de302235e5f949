"""Promise: everything that is to be seen to before a migration is on its checklist, with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.health.item import HealthItem
from dbops.domain.migrations.checklist import Conditions, checklist, session_limits
from dbops.domain.migrations.facts import ForeignTable
from dbops.domain.migrations.plan import ChecklistItem
from dbops.domain.migrations.planned import PlannedMigration
from dbops.domain.options.migrations import MigrationOptions
from tests.unit.migration_plans import BUILD, INIT, LOCK, NOTE, facts
from tests.unit.samples import DAY, NOW, manifest, target, verification

GIB = 1024**3
HOUR = timedelta(hours=1)


def catalog(*ages: timedelta, verified: bool | None = True) -> Catalog:
    entries = []
    for age in sorted(ages, reverse=True):
        backup = manifest(NOW - age)
        proof = verification(backup.backup_id) if verified else None
        entries.append(CatalogEntry(backup, verified=verified, verification=proof))
    return Catalog("shop", tuple(entries))


def listed(**found: Any) -> dict[str, ChecklistItem]:
    known: dict[str, Any] = {
        "target": target(restore={"disk_size": "100GiB"}),
        "facts": facts(),
        "ledger_table": ("public", "_prisma_migrations"),
        "migrations": (INIT, NOTE),
        "catalog": catalog(HOUR),
        "health": (),
        "now": NOW,
    }
    return {item.name: item for item in checklist(Conditions(**{**known, **found}))}


def health(name: str, status: Any = "ok") -> HealthItem:
    return HealthItem(name=name, value="none", threshold="none", status=status, remedy="" if status == "ok" else "Do.")


def test_all_is_well_on_a_good_day() -> None:
    assert {item.status for item in listed().values()} == {"ok"}
    assert set(listed()) == {"server", "read and write", "privileges", "pooler", "backup", "disk"}


def test_what_is_well_is_told_too() -> None:
    items = {name: item.sentence for name, item in listed().items()}

    assert items == {
        "server": "PostgreSQL 17.10. The migrations were tried on the same.",
        "read and write": "shop is a primary, and takes writes.",
        "privileges": "dba may do all that is planned.",
        "pooler": "The connection does not look like one through a pooler.",
        "backup": f"The newest good backup is {BackupId.at(NOW - HOUR)}, 1h old.",
        "disk": "At most about 3.0 GiB more are needed for a while, and about 100.0 GiB are free.",
    }
    assert {item.remedy for item in listed().values()} == {""}


@pytest.mark.parametrize(
    ("found", "name", "sentence", "remedy"),
    [
        (
            {"scratch_notes": ("One.", "Two.")},
            "server",
            "PostgreSQL 17.10. One. Two.",
            "Let drill.connection name a server like the target's, or install PostgreSQL of its version.",
        ),
        (
            {"facts": facts(is_replica=True)},
            "read and write",
            "shop is a replica, which only reads.",
            "Let the connection name the primary server.",
        ),
        (
            {"facts": facts(refuses_writes=True)},
            "read and write",
            "Transactions of dba in shop are read-only (default_transaction_read_only).",
            "See who has set that: for our role, or a provider whose disk is full; undo it, or name another role.",
        ),
        (
            {"pooler_hint": "Port 6432 is PgBouncer's."},
            "pooler",
            "Port 6432 is PgBouncer's.",
            "Give the connection the direct URL: Prisma's lock belongs to a session.",
        ),
        (
            {"catalog": "The store is down."},
            "backup",
            "The backups cannot be looked at: The store is down.",
            "Fix that first.",
        ),
        (
            {"catalog": catalog(HOUR, verified=None)},
            "backup",
            f"The newest good backup is {BackupId.at(NOW - HOUR)}, 1h old; no backup of shop was ever restored for the "
            "proof.",
            "`python -m dbops drill shop` does that.",
        ),
        (
            {"target": target()},
            "disk",
            "At most about 3.0 GiB more are needed for a while; how much is free is not known, because SQL cannot ask.",
            "Look at the server's disk; with restore.disk_size a plan knows how large it is.",
        ),
        (
            {"target": target(restore={"disk_size": "2GiB"})},
            "disk",
            "At most about 3.0 GiB more are needed for a while, and about 2.0 GiB of restore.disk_size are free.",
            "Enlarge the disk first, or see that nothing of that size is built: a full disk stops the server.",
        ),
    ],
)
def test_each_remedy_is_told_whole(found: dict[str, Any], name: str, sentence: str, remedy: str) -> None:
    assert (listed(**found)[name].sentence, listed(**found)[name].remedy) == (sentence, remedy)


@pytest.mark.parametrize(
    ("found", "name", "status", "words"),
    [
        ({"facts": facts(is_replica=True)}, "read and write", "blocker", "a replica, which only reads"),
        ({"facts": facts(refuses_writes=True)}, "read and write", "blocker", "default_transaction_read_only"),
        ({"scratch_notes": ("Tried on PostgreSQL 18.",)}, "server", "warning", "17.10. Tried on PostgreSQL 18."),
        ({"pooler_hint": "Port 6432 is PgBouncer's."}, "pooler", "warning", "direct URL"),
        ({"catalog": "The store is down."}, "backup", "blocker", "cannot be looked at: The store is down."),
        ({"catalog": catalog()}, "backup", "blocker", "`python -m dbops backup shop`"),
        ({"catalog": catalog(HOUR, verified=False)}, "backup", "blocker", "no good backup"),
        ({"catalog": catalog(2 * DAY, 3 * DAY)}, "backup", "warning", "2d old, older than 1d 2h"),
        ({"catalog": catalog(HOUR, verified=None)}, "backup", "warning", "`python -m dbops drill shop`"),
        ({"target": target()}, "disk", "warning", "3.0 GiB more are needed for a while; how much is free is not known"),
        ({"target": target(restore={"disk_size": "2GiB"})}, "disk", "warning", "3.0 GiB more are needed"),
    ],
)
def test_what_is_not_well_is_told_with_what_to_do(found: dict[str, Any], name: str, status: str, words: str) -> None:
    item = listed(**found)[name]

    assert item.status == status
    assert item.remedy
    assert words in item.told


def test_how_old_a_backup_may_be_the_target_says_itself() -> None:
    strict = target(migrations={"max_backup_age": "30m"})

    assert listed(target=strict)["backup"].status == "warning"
    assert listed(target=strict, catalog=catalog(HOUR / 4))["backup"].status == "ok"


def test_a_backup_of_the_future_is_not_shown_with_a_negative_age() -> None:
    assert f"{BackupId.at(NOW + HOUR)}, 0.0s old" in listed(catalog=catalog(-HOUR))["backup"].sentence


def test_the_disk_has_to_hold_what_is_built_anew_beside_what_is_there() -> None:
    small = target(restore={"disk_size": "10GiB"})
    build = replace(
        BUILD, locks=(replace(LOCK, table=("public", "Line"), mode="ShareUpdateExclusiveLock", bytes=5 * GIB),)
    )
    write = replace(NOTE, locks=(replace(LOCK, mode="RowExclusiveLock", bytes=90 * GIB),))

    assert listed(target=small, migrations=(build, NOTE), facts=facts(bytes_of_all=2 * GIB))["disk"].status == "ok"
    assert listed(target=small, migrations=(build, NOTE), facts=facts(bytes_of_all=3 * GIB))["disk"].status == "warning"
    assert listed(target=small, migrations=(write,))["disk"].status == "ok"


def test_a_disk_of_which_nobody_knows_how_much_is_free_is_no_warning_where_next_to_nothing_is_needed() -> None:
    """It said "At most about 0 B more are needed" in a warning, of a plan that runs nothing."""

    def asked(needed: int, of_all: int = 10 * GIB) -> ChecklistItem:
        build = replace(BUILD, locks=(replace(LOCK, mode="ShareLock", bytes=needed),))
        return listed(target=target(), migrations=(build,), facts=facts(bytes_of_all=of_all))["disk"]

    nothing = listed(target=target(), migrations=(INIT,))["disk"]
    assert (nothing.status, nothing.remedy) == ("ok", "")
    assert nothing.sentence == "Nothing is built or rewritten, so no more than usual is needed."
    assert listed(migrations=())["disk"].sentence == nothing.sentence
    small = asked(64 * 1024**2)
    assert small.status == "ok"
    assert small.sentence.startswith("At most about 64.0 MiB more are needed for a while, beside 10.0 GiB that")
    assert asked(64 * 1024**2, of_all=0).status == "ok"
    assert asked(GIB // 10, of_all=10 * GIB).status == "ok"
    assert asked(GIB // 10 + 1, of_all=10 * GIB - 100).status == "warning"


def test_a_table_needs_its_room_once_and_as_much_as_is_needed_is_enough() -> None:
    build = replace(BUILD, locks=(replace(LOCK, mode="ShareLock", bytes=5 * GIB),))
    size = target(restore={"disk_size": "10GiB"})

    for migrations in ((build,), (build, build)):
        assert listed(target=size, migrations=migrations, facts=facts(bytes_of_all=5 * GIB))["disk"].status == "ok"
    full = listed(target=size, migrations=(build,), facts=facts(bytes_of_all=11 * GIB))["disk"]
    assert "about 0 B of restore.disk_size are free" in full.sentence


def test_a_backup_may_be_as_old_as_the_target_says() -> None:
    assert listed(catalog=catalog(26 * HOUR))["backup"].status == "ok"
    assert listed(catalog=catalog(26 * HOUR + timedelta(seconds=1)))["backup"].status == "warning"


def test_all_that_our_role_may_not_do_is_told_each_remedy_once() -> None:
    lines, orders = (replace(LOCK, table=("public", name), mode="ShareLock") for name in ("Line", "Order"))
    foreign = {lock.table: ForeignTable("app", may_refer=True) for lock in (lines, orders)}
    found = facts(may_write_ledger=False, may_create=frozenset(), foreign=foreign)

    item = listed(facts=found, migrations=(replace(NOTE, locks=(orders, lines)),))["privileges"]

    assert item.sentence == (
        "Our role dba may not write the ledger public._prisma_migrations, may create nothing in the schema public, "
        "does not own public.Line, which is app's, does not own public.Order, which is app's."
    )
    assert item.remedy == (
        'GRANT SELECT, INSERT, UPDATE ON "public"."_prisma_migrations" TO "dba"; GRANT CREATE ON SCHEMA "public" TO '
        '"dba"; GRANT "app" TO "dba"; Or name one that may under migrations.connection.'
    )


def locking(mode: str) -> tuple[PlannedMigration, ...]:
    return (replace(NOTE, locks=(replace(LOCK, mode=mode),)),)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            {"may_create": frozenset()},
            ("create nothing in the schema public", 'GRANT CREATE ON SCHEMA "public" TO "dba";'),
        ),
        (
            {"may_write_ledger": False},
            ("may not write the ledger public._prisma_migrations", 'UPDATE ON "public"."_prisma_migrations" TO "dba";'),
        ),
        (
            {"foreign": {("public", "Order"): ForeignTable("app", may_refer=True)}},
            ("does not own public.Order, which is app's", 'GRANT "app" TO "dba";'),
        ),
    ],
)
def test_what_our_role_may_not_do_stands_in_the_way(found: dict[str, Any], words: tuple[str, str]) -> None:
    item = listed(facts=facts(**found))["privileges"]

    assert item.status == "blocker"
    assert item.sentence.startswith("Our role dba ")
    for word in words:
        assert word in item.told


@pytest.mark.parametrize(
    ("mode", "may_refer", "status"),
    [
        ("RowExclusiveLock", False, "ok"),
        ("ShareRowExclusiveLock", True, "ok"),
        ("ShareRowExclusiveLock", False, "blocker"),
        ("ShareUpdateExclusiveLock", True, "blocker"),
        ("AccessExclusiveLock", True, "blocker"),
    ],
)
def test_somebody_elses_table_may_be_written_and_referred_to_where_that_is_granted(
    mode: str, may_refer: bool, status: str
) -> None:
    found = facts(foreign={("public", "Order"): ForeignTable("app", may_refer)})

    assert listed(facts=found, migrations=locking(mode))["privileges"].status == status


@pytest.mark.parametrize(("may_refer", "status"), [(True, "ok"), (False, "blocker")])
def test_a_foreign_key_to_somebody_elses_table_takes_several_locks_of_which_none_is_an_owners(
    may_refer: bool, status: str
) -> None:
    modes = ("ShareRowExclusiveLock", "RowShareLock", "RowExclusiveLock")
    migrations = (replace(NOTE, locks=tuple(replace(LOCK, mode=mode) for mode in modes)),)
    found = facts(foreign={("public", "Order"): ForeignTable("app", may_refer)})

    assert listed(facts=found, migrations=migrations)["privileges"].status == status


def test_what_is_done_to_our_own_table_says_nothing_of_somebody_elses() -> None:
    own = replace(LOCK, table=("public", "Line"), mode="AccessExclusiveLock")
    found = facts(foreign={("public", "Order"): ForeignTable("app")})
    migrations = (replace(NOTE, locks=(own, replace(LOCK, mode="RowExclusiveLock"))),)

    assert listed(facts=found, migrations=migrations)["privileges"].status == "ok"


def test_an_index_needs_a_schema_in_which_it_may_be_made_and_a_column_does_not() -> None:
    found = facts(may_create=frozenset(), may_write_ledger=True)

    assert listed(facts=found, migrations=locking("ShareLock"))["privileges"].status == "blocker"
    assert listed(facts=found, migrations=locking("AccessExclusiveLock"))["privileges"].status == "ok"


def test_where_nothing_is_pending_nothing_has_to_be_allowed() -> None:
    assert listed(facts=facts(may_create=frozenset()), migrations=())["privileges"].status == "ok"


def test_what_the_health_panel_says_of_sessions_replicas_and_connections_is_on_the_list() -> None:
    names = ("longest transaction", "idle in transaction", "blocked sessions", "replicas", "connections")
    panel = (*(health(name, "warning") for name in names), health("bloat", "warning"))

    items = listed(health=panel)

    for name in names:
        assert items[name].status == "warning"
        assert items[name].told == "None (well: none). Do."
    assert "bloat" not in items
    assert listed(health=(health("connections", "unknown"),))["connections"].status == "warning"
    assert listed(health=(health("connections"),))["connections"].status == "ok"


def test_a_transaction_is_long_when_it_outlasts_every_try_for_a_lock() -> None:
    limits = session_limits(MigrationOptions(lock_timeout=timedelta(seconds=3), tries=5))

    assert limits.open_seconds == 15
    assert limits.longest.name == "longest transaction"
