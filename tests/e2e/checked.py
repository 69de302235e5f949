"""The database whose rules are broken on purpose: what is in it, what it must obey, and a role that can only read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from demo.stack import Stack

NAME = "checked"
"""The target, and its database."""

PASSWORD = "swordfish-checks-swordfish"
"""Of the role as which dbops checks it."""

VALUE = "Zaphod Beeblebrox"
"""In every row that breaks a rule; it has no business outside the database."""

_ROLE = "checker"
_SCHEMA = (
    "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, debt numeric NOT NULL DEFAULT 0)",
    "INSERT INTO customers (id, name) SELECT n, 'customer ' || n FROM generate_series(1, 50) n",
    f"INSERT INTO customers SELECT n, '{VALUE}', -271.828 FROM generate_series(4711, 4713) n",  # noqa: S608 - our own
)
_SUITE = """
table: public.customers
expectations:
  - type: expect_rows_to_satisfy
    kwargs: {condition: 'debt >= 0'}
    meta: {description: nobody is owed anything}
  - type: expect_column_values_to_match_regex
    kwargs: {column: name, regex: '^customer'}
    meta: {description: a customer is called so}
  - type: expect_rows_to_satisfy
    kwargs: {condition: 'credit >= 0'}
    meta: {description: a credit is none, severity: warning}
  - type: expect_rows_to_be_unique
    kwargs: {columns: [id]}
"""


def connections(demo: Stack) -> dict[str, str]:
    """What Airflow is told of it."""
    return {f"AIRFLOW_CONN_{NAME.upper()}": demo.postgres.url(NAME, user=_ROLE, password=PASSWORD)}


def create(demo: Stack) -> None:
    """Make it."""
    demo.postgres.create_role(_ROLE, PASSWORD)
    demo.postgres.create_database(NAME)
    with psycopg.connect(demo.postgres.url(NAME)) as connection:
        for statement in (*_SCHEMA, f"GRANT pg_read_all_data TO {_ROLE}"):
            connection.execute(statement.encode())


def write_rules(include: Path) -> None:
    """Write its suite; there is no schema.yaml."""
    folder = include / "expectations" / NAME
    folder.mkdir(parents=True)
    (folder / "customers.yaml").write_text(_SUITE, encoding="utf-8")
