"""The databases that restores of these tests may rename: what is in them, and what becomes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from tests.e2e.targets import HELD, ORDERS, OUTLIVING

if TYPE_CHECKING:
    from demo.stack import Stack
    from tests.e2e.running_stack import RunningStack

ROWS = 200
"""Of the table orders, as long as nobody loses them."""

PASSWORD = "swordfish-e2e-swordfish"
"""Of the role that owns them, as which the application and dbops connect."""

_OWNER = "orders"
_SCHEMA = (
    "CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL)",
    """CREATE TABLE orders (
         id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, placed timestamptz NOT NULL)""",
    "CREATE INDEX ON orders (placed)",
    "INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 20) n",
    """INSERT INTO orders (customer, placed)
       SELECT 1 + n % 20, timestamptz '2026-11-01 12:00 UTC' + n * interval '1 hour'
       FROM generate_series(1, 200) n""",
)
_HELD = (
    # Roles are the same in every database, so that one that does not exist yet can be told to wait.
    """CREATE FUNCTION let_in() RETURNS boolean LANGUAGE plpgsql AS $$
       BEGIN
         WHILE EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'nobody_is_let_in') LOOP
           PERFORM pg_catalog.pg_sleep(0.1);
         END LOOP;
         RETURN true;
       END $$""",
    "ALTER TABLE orders ADD CHECK (public.let_in())",
)


def connections(demo: Stack) -> dict[str, str]:
    """What Airflow is told of them."""
    return {f"AIRFLOW_CONN_{name.upper()}": _url(demo, name) for name in (*ORDERS, HELD, OUTLIVING)}


def create(demo: Stack) -> None:
    """Make them, owned by a role that may create databases, and is no superuser."""
    demo.postgres.create_role(_OWNER, PASSWORD, create_databases=True)
    for name in (*ORDERS, HELD, OUTLIVING):
        demo.postgres.create_database(name, owner=_OWNER)
        with psycopg.connect(_url(demo, name)) as connection:
            for statement in (*_SCHEMA, *(() if name in ORDERS else _HELD)):
                connection.execute(statement.encode())


def _url(demo: Stack, database: str) -> str:
    return demo.postgres.url(database, user=_OWNER, password=PASSWORD)


@dataclass(frozen=True)
class Orders:
    """One of these databases."""

    stack: RunningStack
    name: str

    def connect(self, application: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A session as the application has it."""
        return psycopg.connect(_url(self.stack.demo, self.name), application_name=application, autocommit=True)

    def tell(self, statement: str) -> None:
        with self.connect("somebody") as connection:
            connection.execute(statement.encode())

    def rows(self, database: str | None = None) -> int:
        """How many orders there are, in the live database or in another one."""
        return int(self.stack.ask(database or self.name, "SELECT count(*) FROM orders")[0][0])

    def databases(self) -> dict[str, int]:
        """The live one and what restores have made of it, with their oids."""
        query = "SELECT datname::text, oid::int FROM pg_database WHERE datname = %s OR starts_with(datname, %s)"
        return dict(self.stack.ask("postgres", query, self.name, f"{self.name}__"))

    @contextmanager
    def holding_loads(self) -> Iterator[None]:
        """Keep every restore of HELD and OUTLIVING from loading the rows of orders."""
        with psycopg.connect(self.stack.demo.postgres.url("postgres"), autocommit=True) as session:
            session.execute("CREATE ROLE nobody_is_let_in")
            try:
                yield
            finally:
                session.execute("DROP ROLE nobody_is_let_in")

    def is_loading(self) -> bool:
        """Whether a restore of HELD or OUTLIVING is held by now."""
        return bool(self.loads())

    def loads(self) -> set[int]:
        """The server's processes that are held while they load the rows of orders: one for each load."""
        query = "SELECT pid FROM pg_stat_activity WHERE starts_with(datname, %s) AND wait_event = 'PgSleep'"
        return {pid for (pid,) in self.stack.ask("postgres", query, f"{self.name}__")}

    def back_up(self) -> None:
        """From a shell, for that is quicker than a run of Airflow, and the backup is as good."""
        dbops(self.stack.demo, connections(self.stack.demo), "backup", self.name)


def dbops(demo: Stack, variables: Mapping[str, str], *words: str) -> None:
    """Ask for a verb in a shell that knows the stack, and these connections."""
    subprocess.run(
        [sys.executable, "-m", "dbops", *words],
        check=True,
        capture_output=True,
        env={
            **os.environ,
            **demo.connections(),
            **variables,
            "DBOPS_INCLUDE": str(demo.include),
            "PATH": os.pathsep.join([str(demo.postgres.bin_dir), os.environ.get("PATH", os.defpath)]),
        },
    )
