"""What tests of the roles in docs/access.md share: a database as a managed server has it, and the page's statements."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from dbops.domain.checks.report import CheckReport
from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.probes.report import ProbeReport
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.migration_records import keep_planned, note_backup
from dbops.jobs.backups.back_up import back_up
from dbops.jobs.checks.baseline import baseline
from dbops.jobs.checks.check import check
from dbops.jobs.migrations.apply_migration import apply_migration
from dbops.jobs.migrations.plan_migration import plan_migration, require_no_blockers
from dbops.jobs.probes.probe import probe
from demo.postgres import EmbeddedPostgres
from tests.backups import NAME, Desk, backed_up, target
from tests.clock import now
from tests.migrating_scratch import write_migration

DOCS = Path(__file__).parents[1] / "docs"
INCLUDE = Path(__file__).parents[1] / "include"
DATABASE, OWNER, ADMINISTRATOR = "shop", "shop_owner", "shop_administrator"
PASSWORD = "choose-a-long-one"
PROBE = """-- title: {title}
-- model: Order
-- budget: 10s
-- samples: 3
{head}"""
READ = PROBE.format(title="the largest order", head="SELECT id FROM public.orders ORDER BY total DESC LIMIT 1")
WRITE = PROBE.format(
    title="a new order", head="-- writes: true\nINSERT INTO public.orders (customer, total) VALUES (1, 2) RETURNING id"
)
ORDERS = """
table: public.orders
expectations:
  - type: expect_rows_to_satisfy
    kwargs: {condition: 'total > 0'}
"""
MIGRATION = "ALTER TABLE orders ADD COLUMN note text;\nCREATE TABLE notes (id int PRIMARY KEY);\n"

SCHEMA = """CREATE TYPE size AS ENUM ('small', 'large');
CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL, size size);
CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, total numeric NOT NULL);
CREATE VIEW spent AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;
"""
_CONTENT = (
    "REVOKE ALL ON DATABASE shop FROM PUBLIC",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "SET ROLE shop_owner",
    SCHEMA,
    "INSERT INTO customers (name, size) SELECT 'customer ' || n, 'small' FROM generate_series(1, 200) n",
    "INSERT INTO orders (customer, total) SELECT n, n FROM generate_series(1, 200) n",
)


def sql_statements(page: str) -> list[str]:
    """Every statement of a page's SQL blocks, as it is written there."""
    blocks = re.findall(r"^ *```sql\n(.*?)^ *```$", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line.strip().removesuffix(";") for block in blocks for line in block.splitlines() if line.strip()]


def role_of(statement: str) -> str:
    """Whose role a statement of the page makes, or gives something to."""
    made = re.search(r"^(?:CREATE|ALTER) ROLE (\w+)|\bTO (\w+)$", statement)
    assert made, statement
    return made[1] or made[2]


def taken_back(statement: str) -> str:
    """The statement that takes away what this one gives."""
    if made := re.fullmatch(r"CREATE ROLE (\w+) LOGIN PASSWORD '\S+' CREATEDB", statement):
        return f"ALTER ROLE {made[1]} NOCREATEDB"
    if made := re.fullmatch(r"ALTER ROLE (\w+) SET role = '\w+'", statement):
        return f"ALTER ROLE {made[1]} RESET role"
    revoked = re.sub(r"\bGRANT\b", "REVOKE", statement)
    return re.sub(r"\bTO (\w+)$", r"FROM \1", revoked)


@dataclass(frozen=True)
class ManagedShop:
    """The database, on a server whose administrator is no superuser; ``url`` is the superuser's, for looking in."""

    server: EmbeddedPostgres

    @property
    def url(self) -> str:
        return self.server.url(DATABASE)

    def url_of(self, role: str) -> str:
        return self.server.url(DATABASE, user=role, password=PASSWORD)

    def address_of(self, role: str) -> DatabaseAddress:
        return DatabaseAddress.from_url(self.url_of(role))

    def administer(self, *statements: str) -> None:
        """Run them as the administrator would, each by itself."""
        with psycopg.connect(self.url_of(ADMINISTRATOR), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def closed_schema(self) -> Iterator[str]:
        """A schema as providers keep one in their customers' databases: whose it is not may not look into it."""
        name = "provider_private"
        with psycopg.connect(self.url, autocommit=True) as superuser:
            superuser.execute(f"CREATE SCHEMA {name}".encode())
            try:
                superuser.execute(f"CREATE TABLE {name}.billing (id int)".encode())
                yield name
            finally:
                superuser.execute(f"DROP SCHEMA {name} CASCADE".encode())

    @contextmanager
    def lacking(self, statement: str) -> Iterator[None]:
        """As if that statement of the page had been left out."""
        self.administer(taken_back(statement))
        try:
            yield
        finally:
            made = re.fullmatch(r"CREATE ROLE (\w+) .* CREATEDB", statement)
            self.administer(f"ALTER ROLE {made[1]} CREATEDB" if made else statement)


@contextmanager
def managed_shop(server: EmbeddedPostgres) -> Iterator[ManagedShop]:
    """The database with every role of the page; both gone afterwards."""
    statements = sql_statements("access.md")
    roles = sorted({role_of(statement) for statement in statements})
    with psycopg.connect(server.url(), autocommit=True) as superuser:

        def tell(statement: str) -> None:
            superuser.execute(statement.encode())

        try:
            tell(f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'")
            tell(f"CREATE ROLE {OWNER} NOLOGIN")
            tell(f"GRANT {OWNER} TO {ADMINISTRATOR} WITH ADMIN OPTION")
            tell(f"GRANT pg_read_all_data, pg_monitor, pg_signal_backend TO {ADMINISTRATOR} WITH ADMIN OPTION")
            server.create_database(DATABASE, owner=OWNER)
            shop = ManagedShop(server)
            with psycopg.connect(shop.url, autocommit=True) as inside:
                inside.execute(f"ALTER SCHEMA public OWNER TO {OWNER}".encode())
                for statement in _CONTENT:
                    inside.execute(statement.encode())
            shop.administer(*statements)
            yield shop
        finally:
            server.drop_database(DATABASE)
            for role in (*roles, ADMINISTRATOR, OWNER):
                tell(f"DROP ROLE IF EXISTS {role}")


@dataclass
class Work:
    """Every job on the shop, each as the role that the page has for it."""

    shop: ManagedShop
    desk: Desk
    bucket: S3Bucket
    include: Path
    place: Path

    def __post_init__(self) -> None:
        shutil.copytree(INCLUDE / "report", self.include / "report")

    @property
    def programs(self) -> Path:
        return self.desk.programs.folder

    def target(self, **backup: Any) -> Target:
        made = target(self.bucket.name, **backup).model_dump(mode="json", exclude_unset=True)
        return Target.model_validate({**made, "approvals": {"approve": []}, "drill": {"directory": str(self.place)}})

    def back_up(self, role: str = "dbops", **backup: Any) -> int:
        return backed_up(self.target(**backup), self.shop.url_of(role), self.desk.store, self.programs).rows

    def write_rules(self, role: str = "dbops") -> None:
        baseline(self.target(), self.shop.address_of(role), self.include, clock=now)
        folder = self.include / "expectations" / NAME
        for starter in folder.glob("*.yaml"):
            if starter.name != "schema.yaml":
                starter.unlink()
        (folder / "orders.yaml").write_text(ORDERS)

    def check(self, role: str = "dbops") -> CheckReport:
        address = self.shop.address_of(role)
        return check(self.target(), address, self.bucket, include=self.include, run="test", clock=now)

    def probe(self, role: str = "dbops", **texts: str) -> ProbeReport:
        folder = self.include / "sql" / NAME / "probes"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.sql").write_text(text)
        return probe(
            self.target(), self.shop.address_of("dbops"), self.bucket, include=self.include, run="test", clock=now,
            probing=self.shop.address_of(role),
        )  # fmt: skip

    def plan_migration(self) -> MigrationPlan:
        """A plan of what is there already, to be marked, and of a migration that changes a table and makes another."""
        for name, sql in (("0_init", SCHEMA), ("20261126090000_notes", MIGRATION)):
            write_migration(self.include / "sql" / NAME / "migrations", name, sql)
        return plan_migration(
            self.target(), self.shop.address_of("dbops_migrate"), self.bucket, include=self.include, run="test",
            by="tester", clock=now, programs=self.programs,
        )  # fmt: skip

    def apply_migration(self, plan: MigrationPlan) -> MigrationRecord:
        wanted, address = self.target(), self.shop.address_of("dbops_migrate")
        require_no_blockers(plan)
        keep_planned(self.bucket, wanted, plan)
        made = back_up(wanted, address, self.bucket, run="test", clock=now, programs=self.programs)
        note_backup(self.bucket, wanted, run="test", backup_id=str(made.backup_id))
        return apply_migration(
            wanted, address, self.bucket, include=self.include, run="test", clock=now, programs=self.programs
        )

    @contextmanager
    def migrated(self) -> Iterator[dict[str, str]]:
        """Migrate; gives the owners of what is there afterwards, by name, and takes it all back."""
        self.back_up()
        try:
            self.apply_migration(self.plan_migration())
            with psycopg.connect(self.shop.url) as connection:
                rows = connection.execute("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
                yield dict(rows.fetchall())
        finally:
            with psycopg.connect(self.shop.url) as connection:
                connection.execute("DROP TABLE IF EXISTS notes, _prisma_migrations")
                connection.execute("ALTER TABLE orders DROP COLUMN IF EXISTS note")
