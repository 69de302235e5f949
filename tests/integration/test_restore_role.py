"""Promise: what the restoring role cannot bring is said before it loads for hours, and a lost load ends at once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from dbops.errors import PreflightFailed, RestoreFailed
from dbops.jobs.restores.restore_place import RestorePlace
from demo.postgres import EmbeddedPostgres
from tests.backups import execute
from tests.loading import Loader
from tests.restoring import Restoring

TABLE = "CREATE TABLE notes AS SELECT n FROM generate_series(1, 9) n"


@pytest.fixture
def stranger(empty_database: str) -> Iterator[str]:
    """A role that the backup knows and that is gone when it is restored."""
    name = f"stranger_{secrets.token_hex(4)}"
    execute(empty_database, f"CREATE ROLE {name}")
    yield name
    execute(empty_database, f"DROP ROLE IF EXISTS {name}")


@pytest.fixture
def member(loader: Loader, postgres_server: EmbeddedPostgres) -> Iterator[Restoring]:
    """A live database of an owner, restored by a member of it as docs/access.md has it; backups are a superuser's."""
    owner, by, name = (f"{what}_{secrets.token_hex(4)}" for what in ("owner", "restorer", "owned"))
    execute(
        postgres_server.url(),
        f"CREATE ROLE {owner}",
        f"CREATE ROLE {by} LOGIN PASSWORD 'word' CREATEDB",
        f"GRANT {owner} TO {by}",
        f"GRANT pg_signal_backend TO {by}",
    )
    postgres_server.create_database(name, owner=owner)
    execute(postgres_server.url(name), TABLE, f"ALTER TABLE notes OWNER TO {owner}")
    ground = Restoring(loader, postgres_server.url(name))
    live = ground.place.live
    ground.by = RestorePlace(live, replace(live, user=by, password="word"))
    yield ground
    ground.clean_up()
    postgres_server.drop_database(name)
    execute(postgres_server.url(), f"DROP ROLE {by}", f"DROP ROLE {owner}")


@pytest.mark.parametrize(
    "held",
    [
        "ALTER TABLE notes OWNER TO {}",
        "GRANT SELECT ON notes TO {}",
        "CREATE POLICY mine ON notes TO {} USING (true)",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {}",
    ],
)
def test_a_role_that_the_server_lacks_is_named_by_the_plan(
    loader: Loader, empty_database: str, stranger: str, held: str
) -> None:
    execute(empty_database, TABLE, held.format(stranger))
    loader.back_up(empty_database)
    execute(empty_database, "DROP TABLE notes", f"DROP OWNED BY {stranger}", f"DROP ROLE {stranger}")
    execute(empty_database, TABLE)
    restoring = Restoring(loader, empty_database)

    (blocker,) = restoring.plan().blockers

    assert f"The server lacks roles that the backup needs: {stranger}. Create them first" in blocker
    with restoring.refusing(PreflightFailed, stranger):
        restoring.load()
    execute(empty_database, f"CREATE ROLE {stranger}")
    try:
        assert restoring.restored().verification is not None
    finally:
        restoring.clean_up()


FOR_SUPERUSERS = {
    "a publication of all tables": (("CREATE PUBLICATION everything FOR ALL TABLES",), "publications", "everything"),
    "a publication of a schema": (
        ("CREATE PUBLICATION parts FOR TABLES IN SCHEMA public",),
        "publications of all tables or of schemas",
        "parts",
    ),
    "an event trigger": (
        (
            "CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE EVENT TRIGGER looked ON ddl_command_start EXECUTE FUNCTION look()",
        ),
        "event triggers",
        "looked",
    ),
    "a subscription": (
        ("CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)",),
        "subscriptions",
        "sub",
    ),
    "row-level security that is forced": (
        ("ALTER TABLE notes ENABLE ROW LEVEL SECURITY", "ALTER TABLE notes FORCE ROW LEVEL SECURITY"),
        "FORCE ROW LEVEL SECURITY",
        "public.notes",
    ),
}


def owner_of(member: Restoring) -> str:
    known = member.place.server(member.target).find(member.live)
    assert known is not None
    return known.settings.owner


@pytest.mark.parametrize(("made", "kind", "name"), FOR_SUPERUSERS.values(), ids=FOR_SUPERUSERS)
def test_what_an_ordinary_role_cannot_bring_is_named_by_the_plan_and_a_superuser_brings_it(
    member: Restoring, made: tuple[str, ...], kind: str, name: str
) -> None:
    member.tell(*made)
    if name == "looked":
        member.tell(f"ALTER FUNCTION look OWNER TO {owner_of(member)}")
    member.loader.back_up(member.url)
    if name == "sub":
        member.tell("ALTER SUBSCRIPTION sub SET (slot_name = NONE)", "DROP SUBSCRIPTION sub")

    said = " ".join(member.plan().blockers)

    assert kind in said
    assert name in said
    assert "restore.connection" in said
    with member.refusing(PreflightFailed, name):
        member.load()
    superuser = Restoring(member.loader, member.url)
    assert superuser.plan().blockers == ()


def test_what_the_documented_role_can_bring_is_not_refused(member: Restoring) -> None:
    member.tell(
        "CREATE PUBLICATION these FOR TABLE notes",
        "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY all_of_it ON notes USING (true)",
        "GRANT SELECT ON notes TO PUBLIC",
    )
    member.tell(f"ALTER PUBLICATION these OWNER TO {owner_of(member)}")
    member.loader.back_up(member.url)

    verification = member.restored(mode="swap").verification

    assert verification is not None
    assert verification.ok


def test_a_load_is_stopped_at_the_first_complaint_that_is_not_harmless(
    loader: Loader, empty_database: str, restored_database: str, stranger: str
) -> None:
    execute(
        empty_database,
        "CREATE FUNCTION look(n int) RETURNS bool LANGUAGE sql AS 'SELECT true'",
        "CREATE TABLE slow (n int CHECK (look(n)))",
        "INSERT INTO slow VALUES (1)",
        "CREATE OR REPLACE FUNCTION look(n int) RETURNS bool LANGUAGE sql AS 'SELECT true FROM pg_sleep(120)'",
        TABLE,
        f"ALTER TABLE notes OWNER TO {stranger}",
    )
    archive = loader.back_up(empty_database)
    execute(empty_database, "DROP TABLE notes", f"DROP ROLE {stranger}")

    with pytest.raises(RestoreFailed, match=f'role "{stranger}" does not exist') as refused:
        loader.load(archive, restored_database)

    assert "signal" not in str(refused.value)
    assert "cancel" not in str(refused.value)
    with psycopg.connect(restored_database) as connection:
        assert connection.execute("SELECT count(*) FROM slow").fetchone() == (0,)


def test_a_superuser_is_told_that_he_will_run_the_functions_of_the_backup_and_a_member_of_the_owner_is_not(
    member: Restoring,
) -> None:
    member.tell("CREATE FUNCTION is_small(n int) RETURNS bool LANGUAGE sql AS 'SELECT n < 10'")
    member.tell("ALTER TABLE notes ADD CHECK (is_small(n))")
    member.loader.back_up(member.url)
    documented = member.plan().warnings
    member.by = None

    told = [said for said in member.plan().warnings if "is a superuser, and the backup has 1 function" in said]

    assert len(told) == 1
    assert not any("is a superuser" in said for said in documented)
