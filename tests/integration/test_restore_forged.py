"""Promise: a backup whose table of contents would act outside of its database is refused before anything is loaded."""

from __future__ import annotations

import secrets

import pytest

from dbops.domain.archives.reach import reaches_outside
from dbops.domain.restores.record import RestoreState
from dbops.errors import PreflightFailed, RestoreFailed
from tests.drills import Ground
from tests.loading import Loader
from tests.restoring import Restoring


def field(text: str) -> bytes:
    """A text as toc.dat has it, with its length before it."""
    body = text.encode()
    return b"\0" + len(body).to_bytes(4, "little") + body


def forge(loader: Loader, old: str, new: str) -> None:
    """Change a text of the table of contents, and its checksum, as who may write to the bucket can."""

    def change(toc: bytes) -> bytes:
        assert field(old) in toc
        return toc.replace(field(old), field(new))

    loader.change_file("toc.dat", change)


def definition(loader: Loader, kind: str) -> str:
    return next(entry.definition for entry in loader.open().entries if entry.kind == kind)


def test_a_definition_that_drops_the_live_database(restoring: Restoring) -> None:
    forge(restoring.loader, definition(restoring.loader, "DEFAULT"), f"DROP DATABASE {restoring.quoted} WITH (FORCE);")

    (blocker,) = restoring.plan(mode="beside").blockers

    assert "would act outside of the database that it is loaded into: DROP DATABASE (DEFAULT" in blocker
    with restoring.refusing(PreflightFailed, "would act outside of the database"):
        restoring.load()


@pytest.mark.parametrize(
    "copy",
    ["COPY crm.orders FROM PROGRAM 'true';", "COPY crm.orders FROM '/dev/null';", "ALTER ROLE {} SUPERUSER;", ""],
)
def test_rows_that_are_not_read_from_the_archive(
    loader: Loader, empty_database: str, restored_database: str, copy: str
) -> None:
    archive = Restoring(loader, empty_database)
    archive.tell("CREATE TABLE notes AS SELECT 1 AS n")
    entry = next(one for one in loader.back_up(empty_database).entries if one.kind == "TABLE DATA")
    forge(loader, entry.copy_statement, copy.format(secrets.token_hex(4)))

    with pytest.raises(RestoreFailed, match=r"a file that is not loaded by COPY FROM stdin \(TABLE DATA notes\)"):
        loader.load(loader.open(), restored_database)

    assert archive.ask("SELECT FROM pg_class WHERE relname = 'notes'", restored_database.rpartition("/")[2]) == []


def test_a_drill_refuses_it_and_gives_the_backup_no_verdict(ground: Ground, empty_database: str) -> None:
    Restoring(ground.loader, empty_database).tell("CREATE TABLE notes (n int DEFAULT 7 PRIMARY KEY)")
    ground.loader.back_up(empty_database)
    forge(ground.loader, definition(ground.loader, "CONSTRAINT"), "ALTER SYSTEM SET archive_command = 'true';")

    with pytest.raises(RestoreFailed, match="ALTER SYSTEM"):
        ground.drill(force=True)

    assert list(ground.verdicts()) == []


def test_a_database_with_everything_in_it_is_no_forgery(loader: Loader, trap_database: str) -> None:
    assert reaches_outside(loader.back_up(trap_database).entries) == ()


def test_an_honest_backup_is_restored_as_ever(restoring: Restoring) -> None:
    assert restoring.restored(mode="beside").state is RestoreState.VERIFIED


# Where a backslash stands for itself all of it is one comment; where it escapes the quote, the second one ends it.
HIDDEN = "COMMENT ON TABLE public.notes IS 'a\\''; CREATE ROLE {} SUPERUSER; --';\n"
CONFORMING = "SET standard_conforming_strings = 'on';\n"


def require_refused(loader: Loader, archive: Restoring, restored_database: str, role: str) -> None:
    """The load is refused for the role that the table's comment would make, and nobody has made that."""
    try:
        with pytest.raises(RestoreFailed, match=r"would act outside .*: CREATE ROLE \(COMMENT TABLE notes\)"):
            loader.load(loader.open(), restored_database)
        assert archive.ask(f"SELECT FROM pg_roles WHERE rolname = '{role}'") == []
    finally:
        archive.tell(f"DROP ROLE IF EXISTS {role}")


@pytest.mark.parametrize("says_so", [True, False])
def test_a_statement_that_hides_behind_an_escaped_quote(
    loader: Loader, empty_database: str, restored_database: str, says_so: bool
) -> None:
    """The archive says that its texts are read so, or something that is executed before it does."""
    archive, role = Restoring(loader, empty_database), f"eve_{secrets.token_hex(4)}"
    archive.tell("CREATE TABLE notes (n int)", "COMMENT ON TABLE notes IS 'mine'")
    loader.back_up(empty_database)
    forge(loader, definition(loader, "COMMENT"), HIDDEN.format(role))
    if says_so:
        forge(loader, CONFORMING, CONFORMING.replace("'on'", "'off'"))
    else:
        table = definition(loader, "TABLE")
        forge(loader, table, f"{table}SET standard_conforming_strings = off;\n")

    require_refused(loader, archive, restored_database, role)


@pytest.mark.parametrize(
    "hidden",
    ["SELECT 1 AS —$a$; CREATE ROLE {} SUPERUSER; --$a$\n", "SELECT $—$ ' $—$; CREATE ROLE {} SUPERUSER; --'\n"],
    ids=["no dollar quote", "a dollar quote"],
)
def test_a_statement_that_hides_behind_a_dash_which_the_server_takes_for_a_letter(
    loader: Loader, empty_database: str, restored_database: str, hidden: str
) -> None:
    archive, role = Restoring(loader, empty_database), f"eve_{secrets.token_hex(4)}"
    archive.tell("CREATE TABLE notes (n int)", "COMMENT ON TABLE notes IS 'mine'", hidden.format(role))
    assert len(archive.ask(f"SELECT FROM pg_roles WHERE rolname = '{role}'")) == 1
    archive.tell(f"DROP ROLE {role}")
    loader.back_up(empty_database)
    forge(loader, definition(loader, "COMMENT"), hidden.format(role))

    require_refused(loader, archive, restored_database, role)
