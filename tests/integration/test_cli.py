"""`python -m dbops` as its own process, against a real database and a real store."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg2
import pytest
from psycopg2 import sql

from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import execute
from tests.drills import public_folder
from tests.processes import command_line, descendants_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

REPOSITORY = Path(__file__).resolve().parents[2]
PASSWORD = "p@ss/w%rd: 'only' \"here\""
SLOWLY = "backup: {bandwidth_limit: 2MiB, spool_cap: 256MiB}\nstorage: {part_size: 5MiB}\n"


@dataclass
class Shell:
    """A folder with one target, ``shop``, and the environment in which its database and its bucket are found."""

    include: Path
    environment: dict[str, str]
    bucket: str
    client: S3Client
    database: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def configure(self, text: str) -> None:
        (self.include / "targets" / "shop.yaml").write_text(f"connection: shop\n{text}", encoding="utf-8")

    def start(self, *argv: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dbops", *argv],
            cwd="/",
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *argv: str) -> tuple[int, str, str]:
        process = self.start(*argv)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err
        return process.returncode, out, err

    def document(self, *argv: str) -> tuple[int, Any]:
        status, out, _ = self.run(*argv, "--json")
        return status, json.loads(out)

    def stored_keys(self) -> list[str]:
        return [stored["Key"] for stored in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def uploads(self) -> list[str]:
        return [upload["Key"] for upload in self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])]


# Incompressible, so that a bandwidth limit makes it last.
_ORDERS = (
    'CREATE TABLE "Order" (id int PRIMARY KEY, note text)',
    """INSERT INTO "Order" SELECT i, (SELECT string_agg(md5(random()::text || i || j), '')
       FROM generate_series(1, 30) j) FROM generate_series(1, 30000) i""",
)


@pytest.fixture(scope="module")
def orders(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database of which every shell has its own copy."""
    name = "orders_to_copy"
    postgres_server.create_database(name)
    execute(postgres_server.url(name), *_ORDERS)
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def shell(
    tmp_path: Path, postgres_server: EmbeddedPostgres, orders: str, s3_server: SeaweedS3, bucket_name: str
) -> Iterator[Shell]:
    database = f"shell_{secrets.token_hex(4)}"
    role = f"backup_{database}"
    execute(postgres_server.url(), f"CREATE DATABASE {database} TEMPLATE {orders} STRATEGY file_copy")
    administrator = psycopg2.connect(postgres_server.url(database))
    administrator.autocommit = True
    with administrator.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(role)), [PASSWORD])
        cursor.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(role)))
    (tmp_path / "targets").mkdir()
    (tmp_path / "defaults.yaml").write_text(f"environment: development\nstorage: {{bucket: {bucket_name}}}\n")
    store = urlencode({"endpoint_url": s3_server.endpoint_url, "region_name": s3_server.region})
    keys = f"{quote(s3_server.access_key, safe='')}:{quote(s3_server.secret_key, safe='')}"
    url = f"postgres://{role}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgres_server.port}/{database}?schema=public"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "DBOPS_INCLUDE": str(tmp_path),
        "DBOPS_PG_BIN": str(postgres_server.bin_dir),
        "AIRFLOW_CONN_SHOP": url,
        "AIRFLOW_CONN_AWS_DEFAULT": f"aws://{keys}@/?{store}",
        "TMPDIR": str(tmp_path),
    }
    # The SQL that introspects a database lies below include/, where the targets are.
    (tmp_path / "sql").symlink_to(REPOSITORY / "include" / "sql")
    client = s3_server.client()
    shell = Shell(tmp_path, environment, bucket_name, client, postgres_server.url(database))
    shell.configure("")
    yield shell
    for process in shell.started:
        if process.poll() is None:
            process.kill()
            process.communicate()
    client.close()
    with administrator.cursor() as cursor:
        cursor.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
        cursor.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
    administrator.close()
    postgres_server.drop_database(database)


def wait_for(process: subprocess.Popen[str], shell: Shell, what: str) -> None:
    """Wait until an object with that in its key exists; the process must still run then."""
    wait_until(lambda: process.poll() is not None or any(what in key for key in shell.stored_keys()))
    if process.poll() is not None:
        pytest.fail(f"it ended early: {process.communicate()}")


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until that is so; fail after two minutes."""
    for _ in range(2400):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it never came to that")


def is_paused_pg_dump(pid: int) -> bool:
    try:
        _, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")
    except OSError:
        return False
    name, _, fields = rest.rpartition(")")
    return name == "pg_dump" and fields.split()[0] == "T"


def test_a_least_privileged_role_backs_up_lists_holds_and_expires_from_a_shell(shell: Shell) -> None:
    status, report = shell.document("backup", "shop")
    assert status == 0, report
    assert (report["verdict"], report["tables"], report["rows"]) == ("ok", 1, 30000)
    backup_id = report["backup_id"]
    assert f"shop/backups/{backup_id}/manifest.json" in shell.stored_keys()
    assert report["location"] == f"s3://{shell.bucket}/shop/backups/{backup_id}/"

    status, listing = shell.document("backups", "shop")
    assert status == 0
    assert [backup["backup_id"] for backup in listing["backups"]] == [backup_id]
    assert shell.document("hold", "shop", backup_id, "--reason", "audit")[0] == 0
    status, out, _ = shell.run("backups", "shop")
    assert "audit" in out
    assert shell.document("expire", "shop")[1]["kept"].keys() == {backup_id}
    assert shell.document("watch")[0] == 0
    assert shell.document("hold", "shop", backup_id, "--release")[0] == 0


def test_the_watch_tells_two_targets_that_back_up_one_database_until_one_accepts_it(shell: Shell) -> None:
    shell.environment["AIRFLOW_CONN_CRM"] = shell.environment["AIRFLOW_CONN_SHOP"]
    crm = shell.include / "targets" / "crm.yaml"
    crm.write_text("connection: crm\n")
    for name in ("shop", "crm"):
        assert shell.document("backup", name)[0] == 0

    status, report = shell.document("watch")
    assert status == 1
    assert [problem["key"] for problem in report["problems"]] == [
        f"{name}: another target has the same database" for name in ("crm", "shop")
    ]
    [index] = [key for key in shell.stored_keys() if key == "_indexes/crm.json"]
    origin = json.loads(shell.client.get_object(Bucket=shell.bucket, Key=index)["Body"].read())["origin"]
    assert origin["database"] == shell.database.rpartition("/")[2]
    assert f"{origin['database']}, on the cluster {origin['system_identifier']}. " in report["problems"][0]["sentence"]

    crm.write_text("connection: crm\nallow: [same_database]\n")
    assert shell.document("watch")[0] == 0


def test_a_backup_is_drilled_from_a_shell(shell: Shell, place: Path) -> None:
    shell.configure(f"drill: {{directory: {place}}}\n")
    backup_id = shell.document("backup", "shop")[1]["backup_id"]

    status, report = shell.document("drill", "shop")
    assert status == 0, report
    assert report["verdict"] == "ok"
    proof = report["verification"]
    assert (proof["backup_id"], proof["ok"], proof["rows"], proof["findings"]) == (backup_id, True, 30000, [])
    assert f"shop/verifications/{backup_id}.json" in shell.stored_keys()
    status, out, _ = shell.run("drill", "shop", "--if-due")
    assert (status, "the newest backup has its verdict" in out) == (0, True)
    assert shell.document("backups", "shop")[1]["backups"][0]["verified"] is True
    assert list(place.iterdir()) == []


def test_a_drill_that_cannot_be_made_is_no_verdict(shell: Shell, place: Path) -> None:
    shell.configure(f"drill: {{directory: {place / 'absent'}}}\n")
    shell.document("backup", "shop")

    status, document = shell.document("drill", "shop")
    assert status == 3, document
    assert "drill.directory" in document["remedy"]
    shell.configure("drill: {connection: scratch}\n")
    status, document = shell.document("drill", "shop")
    assert status == 2, document
    assert "AIRFLOW_CONN_SCRATCH" in document["error"]
    assert not [key for key in shell.stored_keys() if "verifications" in key]


@pytest.fixture
def place(shell: Shell) -> Iterator[Path]:
    """Where the servers of drills may be, sockets and all."""
    with public_folder() as folder:
        shell.environment["TMPDIR"] = str(folder)
        yield folder


def test_people_see_where_it_goes_and_what_came_of_it(shell: Shell) -> None:
    status, out, err = shell.run("backup", "shop")
    assert status == 0, err
    assert err.startswith("Backing up backup_")
    assert "1 table, 30,000 rows" in out
    assert out.count(f"s3://{shell.bucket}/shop/backups/") == 1


def test_no_credential_is_ever_seen_in_arguments_output_or_bucket(shell: Shell, s3_server: SeaweedS3) -> None:
    shell.configure(SLOWLY.replace("256MiB", "8MiB"))  # paused, pg_dump is there for longer than between two looks
    secrets = [PASSWORD, quote(PASSWORD, safe=""), s3_server.secret_key]
    process = shell.start("backup", "shop")
    wait_for(process, shell, "started.json")
    seen: set[str] = set()
    programs: set[str] = set()
    while process.poll() is None:
        for pid in {process.pid, *descendants_of(process.pid)}:
            arguments = command_line(pid).split("\0")
            programs.add(Path(arguments[0]).name)
            seen.update(arguments)
        time.sleep(0.02)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "pg_dump" in programs
    stored = [shell.client.get_object(Bucket=shell.bucket, Key=key)["Body"].read() for key in shell.stored_keys()]
    for secret in secrets:
        assert not [argument for argument in seen if secret in argument]
        assert secret not in out + err
        assert not [body for body in stored if secret.encode() in body]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("moment", ["while pg_dump is paused", "after pg_dump has ended"])
def test_a_stopped_backup_leaves_nothing_behind(shell: Shell, moment: str, number: int, status: int) -> None:
    shell.configure(SLOWLY if "ended" in moment else SLOWLY.replace("256MiB", "8MiB"))
    process = shell.start("backup", "shop", "--json")
    wait_for(process, shell, "started.json")
    if "paused" in moment:
        wait_until(lambda: any(is_paused_pg_dump(pid) for pid in descendants_of(process.pid)))
    else:
        wait_until(lambda: shell.uploads() != [] and not descendants_of(process.pid))
    relatives = descendants_of(process.pid)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (status, False), err
    assert json.loads(out)["error"].startswith("Stopped by")
    wait_until(lambda: not [pid for pid in relatives if Path(f"/proc/{pid}").exists()])
    assert shell.stored_keys() == []
    assert shell.uploads() == []
    shell.configure("")
    assert shell.document("backup", "shop")[0] == 0


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"AIRFLOW_CONN_SHOP": "&pgbouncer=true"}, 2, "transaction pooler"),
        ({"AIRFLOW_CONN_SHOP": "&sslmode=require"}, 3, "SSL"),
        ({"AIRFLOW_CONN_SHOP": "&user=nobody"}, 3, "password authentication failed"),
        ({"AIRFLOW_CONN_SHOP": "&port=1"}, 3, "refused"),
        ({"AIRFLOW_CONN_SHOP": "&sslmod=require"}, 2, 'Did you mean "sslmode"'),
        ({"AIRFLOW_CONN_AWS_DEFAULT": "&aws_session_token=x"}, 3, "s3://"),
    ],
)
def test_what_is_wrong_is_one_sentence_a_remedy_and_no_password(
    shell: Shell, change: dict[str, str], status: int, sentence: str
) -> None:
    for name, more in change.items():
        shell.environment[name] += more
    ended, document = shell.document("backup", "shop")
    assert ended == status, document
    assert sentence in f"{document['error']} {document['remedy']}"
    assert document["remedy"]
    assert PASSWORD not in f"{document}"
    assert not [key for key in shell.stored_keys() if "manifest" in key]


def test_a_missing_connection_says_which_variable_to_set(shell: Shell) -> None:
    del shell.environment["AIRFLOW_CONN_SHOP"]
    status, out, err = shell.run("backup", "shop")
    assert (status, out) == (2, "")
    assert "export AIRFLOW_CONN_SHOP='postgresql://user:password@host:5432/database'" in err


def test_database_url_and_boto3s_own_variables_are_enough(shell: Shell, s3_server: SeaweedS3) -> None:
    shell.environment["DATABASE_URL"] = shell.environment.pop("AIRFLOW_CONN_SHOP")
    del shell.environment["AIRFLOW_CONN_AWS_DEFAULT"]
    shell.environment |= {
        "AWS_ENDPOINT_URL": s3_server.endpoint_url,
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
        "AWS_DEFAULT_REGION": s3_server.region,
    }
    status, report = shell.document("backup", "shop")
    assert status == 0, report


@pytest.mark.parametrize(
    "argv",
    [
        ("backup", "shop"),
        ("migrate", "shop", "--init"),
        ("restore", "shop", "--swap"),
        ("baseline", "shop"),
        ("check", "shop"),
        ("probe", "shop"),
    ],
)
def test_with_a_second_target_database_url_is_nobodys_database(shell: Shell, argv: tuple[str, ...]) -> None:
    (shell.include / "targets" / "crm.yaml").write_text("connection: [\n")  # a target of its own, though it is at fault
    shell.environment["DATABASE_URL"] = shell.environment.pop("AIRFLOW_CONN_SHOP")
    status, document = shell.document(*argv)
    assert status == 2, document
    assert "AIRFLOW_CONN_SHOP is not set" in document["error"]
    assert "DATABASE_URL is not used because there are 2 targets" in document["error"]
    assert document["remedy"].startswith("Set it, as in: export AIRFLOW_CONN_SHOP=")
    assert shell.stored_keys() == []
    assert sorted(path.name for path in shell.include.iterdir()) == ["defaults.yaml", "sql", "targets"]


def test_a_database_is_onboarded_compared_and_taken_over(shell: Shell) -> None:
    status, document = shell.document("baseline", "shop")
    assert (status, document["verdict"]) == (0, "ok")
    folder = shell.include / "expectations" / "shop"
    assert {path.name for path in folder.iterdir()} == {"schema.yaml", "Order.yaml"}
    before = (folder / "schema.yaml").read_bytes()
    assert shell.run("baseline", "shop")[:2] == (0, "The schema of shop is its baseline: 1 table.\n")

    execute(shell.database, 'ALTER TABLE "Order" ADD discount int')
    status, out, err = shell.run("baseline", "shop")
    assert status == 1
    assert "- the column public.Order.discount (integer) is not in the baseline" in out
    assert "+      discount: integer" in out
    assert "Reading the live schema" in err
    assert (folder / "schema.yaml").read_bytes() == before

    status, out, _ = shell.run("baseline", "shop", "--accept")
    assert (status, "took over what the live schema is" in out) == (0, True)
    assert shell.document("baseline", "shop")[0] == 0


def test_an_include_folder_that_cannot_be_written_is_status_2_with_what_to_do(shell: Shell) -> None:
    (shell.include / "expectations").symlink_to("/proc/nowhere")  # root may write everywhere else
    status, document = shell.document("baseline", "shop")
    assert status == 2
    assert "schema.yaml cannot be written" in document["error"]
    assert "point --include at it" in document["remedy"]
