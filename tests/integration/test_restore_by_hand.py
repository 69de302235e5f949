"""docs/runbooks/restore-by-hand.md, run word for word: whoever follows it has the database back, without our code.

Every promise is kept with a backup that is encrypted, and with one that is not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.storage import Storage
from dbops.domain.options.alerts import Alerts
from dbops.domain.options.encryption import Encryption
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.s3 import S3Bucket
from dbops.jobs.backups.back_up import back_up
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.age_program import new_key
from tests.servers import empty_and_delete, running_postgres

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/runbooks/restore-by-hand.md").read_text()
TRAP = ROOT / "tests/testdata/trap"
SOURCE, RESTORED = 'trap "source"', "trap_restored"
PREFIX = "team/databases"
QUOTED = '"trap ""source"""'
# The last one would be obeyed by the loading, and end it.
SETTINGS = ("TimeZone = 'Pacific/Kiritimati'", "app.\"Tenant\" = 'it''s'", "default_transaction_read_only = on")


@dataclass(frozen=True)
class Ground:
    """A source that was backed up, a server that has never seen it, and the page's environment for it."""

    source: EmbeddedPostgres
    empty: EmbeddedPostgres
    environment: dict[str, str]
    folder: Path

    def follow(self, page: str = PAGE, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run every command of the page, in one shell, as a person would paste them."""
        script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self.environment | environment,
            cwd=self.folder,
            text=True,
            capture_output=True,
            check=False,
        )

    def dump(self, server: EmbeddedPostgres, database: str) -> list[str]:
        """What pg_dump says of a database: schema, data, grants, comments."""
        url = server.url(database)
        done = subprocess.run(
            [server.bin_dir / "pg_dump", "--restrict-key=same", f"--dbname={url}"], capture_output=True, check=True
        )
        return done.stdout.decode().splitlines()


@pytest.fixture(scope="module", params=["plain", "encrypted"])
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, s3_server: SeaweedS3
) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("by hand")
    name = f"test-by-hand-{os.getpid()}"
    encryption: dict[str, Encryption] = {}
    if request.param == "encrypted":
        key = new_key()
        (folder / "key").write_text(key.secret)
        encryption["encryption"] = Encryption(recipients=(key.public,))
    client = s3_server.client()
    s3_server.create_bucket(name)
    with running_postgres(folder / "source") as source, running_postgres(folder / "empty") as empty:
        source.create_database(SOURCE)
        with psycopg.connect(source.url(SOURCE), autocommit=True) as connection:
            for script in sorted(TRAP.glob("*.sql")):
                connection.execute(script.read_bytes())
            for setting in SETTINGS:
                connection.execute(f"ALTER DATABASE {QUOTED} SET {setting}".encode())
        writing = "-c default_transaction_read_only=off"
        with psycopg.connect(source.url(SOURCE), autocommit=True, options=writing) as connection:
            connection.execute(b"CREATE MATERIALIZED VIEW own AS SELECT current_setting('TimeZone') AS zone")
        storage = Storage(bucket=name, prefix=PREFIX)
        alerts = Alerts(recipients=("dba@shop.internal",))
        target = Target(name="trap", connection="trap", storage=storage, alerts=alerts, **encryption)
        address = DatabaseAddress.from_url(source.url(SOURCE))
        bucket = S3Bucket(client, name, storage.s3)
        back_up(target, address, bucket, run="test", clock=lambda: datetime.now(UTC), programs=source.bin_dir)
        # A backup that never finished, and is newer, must not be taken for one.
        client.put_object(Bucket=name, Key=f"{PREFIX}/trap/backups/20991231T000000Z/toc.dat", Body=b"half")
        environment = _environment(name, s3_server, empty, folder / "archive")
        yield Ground(source, empty, environment | ({"IDENTITY": str(folder / "key")} if encryption else {}), folder)
    empty_and_delete(client, name)
    client.close()


def _environment(bucket: str, s3: SeaweedS3, server: EmbeddedPostgres, archive: Path) -> dict[str, str]:
    return {
        "PATH": f"{sysconfig.get_path('scripts')}:{server.bin_dir}:/usr/bin:/bin",
        "STORE": f"s3://{bucket}/{PREFIX}/trap",
        "FOLDER": str(archive),
        "DATABASE": RESTORED,
        "JOBS": "2",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "postgres",
        "PGPASSWORD": server.password,
        "AWS_ACCESS_KEY_ID": s3.access_key,
        "AWS_SECRET_ACCESS_KEY": s3.secret_key,
        "AWS_DEFAULT_REGION": s3.region,
        "AWS_ENDPOINT_URL": s3.endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture(scope="module")
def followed(ground: Ground) -> subprocess.CompletedProcess[str]:
    return ground.follow()


def test_every_command_succeeds(followed: subprocess.CompletedProcess[str]) -> None:
    assert followed.returncode == 0, followed.stderr


def test_the_restored_database_equals_its_source(ground: Ground, followed: subprocess.CompletedProcess[str]) -> None:
    assert followed.returncode == 0, followed.stderr
    assert ground.dump(ground.empty, RESTORED) == ground.dump(ground.source, SOURCE)


def test_the_settings_on_which_its_rows_depend_are_those_of_the_source(
    ground: Ground, followed: subprocess.CompletedProcess[str]
) -> None:
    assert followed.returncode == 0, followed.stderr
    with psycopg.connect(ground.empty.url(RESTORED)) as connection:
        own = connection.execute("SELECT zone FROM own").fetchall()
        kept = connection.execute(
            """SELECT unnest(setconfig) FROM pg_db_role_setting
               WHERE setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        ).fetchall()

    assert own == [("Pacific/Kiritimati",)]
    assert kept == [("TimeZone=Pacific/Kiritimati",), ("app.Tenant=it's",)]


def test_roles_come_back_on_a_server_that_never_had_them(
    ground: Ground, followed: subprocess.CompletedProcess[str]
) -> None:
    assert followed.returncode == 0, followed.stderr
    query = """
        SELECT rolname, rolcanlogin, rolinherit, rolbypassrls, rolconnlimit, rolvaliduntil::text, rolpassword, setconfig
        FROM pg_authid LEFT JOIN pg_db_role_setting ON setrole = pg_authid.oid
        WHERE rolname LIKE 'trap%' ORDER BY rolname
    """
    rows = []
    for server in (ground.source, ground.empty):
        with psycopg.connect(server.url()) as connection:
            rows.append(connection.execute(query.encode()).fetchall())
    assert rows[0] == rows[1]
    assert len(rows[0]) == 4


def test_the_page_counts_every_table_and_finds_no_difference(
    ground: Ground, followed: subprocess.CompletedProcess[str]
) -> None:
    assert followed.returncode == 0, followed.stderr
    manifest = BackupManifest.from_json(next(ground.folder.glob("archive/*/manifest.json")).read_bytes())
    *_, compared = followed.stdout.splitlines()
    assert int(compared) == sum(table.rows is not None for table in manifest.tables) > 30
    assert not [line for line in followed.stdout.splitlines() if line.startswith('"')]


def test_a_damaged_file_stops_the_restore_before_anything_is_created(ground: Ground, tmp_path: Path) -> None:
    damage = 'cd "$FOLDER/$BACKUP"\nfor toc in toc.dat*; do printf x >> "$toc"; done\n'
    page = PAGE.replace('cd "$FOLDER/$BACKUP"\n', damage)
    assert page != PAGE
    done = ground.follow(page, FOLDER=str(tmp_path), DATABASE="never")
    assert done.returncode != 0
    assert re.search(r"^toc\.dat(\.age)?: FAILED$", done.stdout, re.MULTILINE)
    with psycopg.connect(ground.empty.url()) as connection:
        assert connection.execute("SELECT FROM pg_database WHERE datname = 'never'").rowcount == 0


def test_another_ones_key_opens_no_encrypted_backup_and_nothing_is_created_and_matters_to_no_other(
    ground: Ground, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(new_key().secret)
    done = ground.follow(FOLDER=str(tmp_path / "archive"), DATABASE="closed", IDENTITY=str(tmp_path / "key"))
    if "IDENTITY" in ground.environment:
        assert done.returncode != 0
        assert "no identity matched any of the recipients" in done.stderr
    with psycopg.connect(ground.empty.url()) as connection:
        created = connection.execute("SELECT FROM pg_database WHERE datname = 'closed'").rowcount
    assert created == ("IDENTITY" not in ground.environment)


def test_lost_rows_are_named_by_their_table(
    ground: Ground, followed: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    load = "--command='ANALYZE'\n"
    lose = """psql --dbname="$DATABASE" --command='DELETE FROM public."select" WHERE "select" = 1'\n"""
    page = PAGE.replace(load, load + lose)
    assert page != PAGE
    done = ground.follow(page, FOLDER=str(tmp_path), DATABASE="with_rows_lost")
    assert done.returncode == 0, done.stderr
    assert '"public" "select" 10' in done.stdout.splitlines()


def test_the_page_explains_every_variable_it_uses() -> None:
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    used = set(re.findall(r"\$\{?([A-Z_]+)", commands))
    explained = {
        name for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    set_by_the_page = set(re.findall(r"^([A-Z_]+)=", commands, re.MULTILINE))
    assert used <= explained | set_by_the_page
