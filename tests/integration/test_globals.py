"""Promise: all that pg_dumpall really writes of roles, whatever they are called, comes into a throw-away server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from dbops.gateways.archive import read_globals
from dbops.gateways.processes.programs import find_postgres
from dbops.gateways.scratch.throwaway_server import ThrowawayServer
from tests.drills import Ground

ODD = ("Größe; \"x\" 'y'", "back\\slash", "two\nlines\n\\! id", "$a$ -- /* :x", "plain")


@pytest.fixture
def roles(empty_database: str) -> Iterator[list[str]]:
    """Roles with odd names and all that a role may have.

    Their memberships were granted by the source's first superuser, whom the server of a drill does not let grant.
    """
    names = [f"{name}_{secrets.token_hex(3)}" for name in ODD]
    with psycopg.connect(empty_database, autocommit=True) as connection:

        def tell(statement: str, *names: str, text: str = "") -> None:
            parts = [sql.Identifier(name) for name in names] + ([sql.Literal(text)] if text else [])
            connection.execute(sql.SQL(statement).format(*parts))

        for name in names:
            tell("CREATE ROLE {}", name)
        for name in names:
            tell("ALTER ROLE {} LOGIN CONNECTION LIMIT 3 PASSWORD {}", name, text="it's \\ a; secret")
            tell("ALTER ROLE {} VALID UNTIL {}", name, text="2036-01-01")
            tell("COMMENT ON ROLE {} IS {}", name, text="it's; \\ \n\\! id\n-- $$")
            tell("ALTER ROLE {} SET search_path TO {}, public", name, name)
            tell("ALTER ROLE {} SET application_name TO {}", name, text="a\\b; 'c'")
            if name != names[-1]:
                tell("GRANT {} TO {} WITH ADMIN OPTION", names[-1], name)
            tell("GRANT SET ON PARAMETER log_duration TO {}", name)
        yield names
        for name in names:
            tell("DROP OWNED BY {}", name)
        for name in names:
            tell("DROP ROLE {}", name)


def test_odd_roles_come_over_with_all_that_is_their_own(ground: Ground, empty_database: str, roles: list[str]) -> None:
    archive = ground.loader.back_up(empty_database)
    statements = read_globals(ground.loader.bucket, archive)
    assert statements is not None

    with ThrowawayServer(find_postgres(ground.programs, 17), ground.place, "vault") as server:
        assert set(roles) <= server.create_roles(statements)
        with psycopg.connect(**server.address().libpq_parameters()) as connection:
            found = connection.execute(described(), [roles]).fetchall()
    with psycopg.connect(empty_database) as connection:
        assert found == connection.execute(described(), [roles]).fetchall()
    assert len(found) == len(ODD)


def described() -> str:
    return """SELECT rolname, rolconnlimit, rolpassword, rolvaliduntil::text, shobj_description(oid, 'pg_authid'),
                     (SELECT setconfig FROM pg_db_role_setting WHERE setrole = pg_authid.oid AND setdatabase = 0),
                     ARRAY(SELECT parname FROM pg_parameter_acl, aclexplode(paracl) a WHERE a.grantee = pg_authid.oid)
              FROM pg_authid WHERE rolname = ANY(%s) ORDER BY rolname COLLATE "C" """
