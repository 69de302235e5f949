"""The one-shots of docker-compose.yaml, run outside a container against real servers; each may run again any time."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import psycopg
import yaml

from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.servers import empty_and_delete

ROOT = Path(__file__).parents[2]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]


def run(
    service: str, key: str, environment: Mapping[str, str], path: str, instead: Mapping[str, str] | None = None
) -> str:
    """Run a service's script with ``instead`` in the place of what exists only between containers."""
    shell, *words = [word.replace("$$", "$") for word in SERVICES[service][key]]
    for there, here in (instead or {}).items():
        words = [word.replace(there, here) for word in words]
    variables = {"PATH": f"{path}:{Path(sys.executable).parent}:/usr/bin:/bin", **environment}
    done = subprocess.run([shell, *words], env=variables, cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_sample_database_is_filled_once(
    postgres_server: EmbeddedPostgres, empty_database: str, tmp_path: Path
) -> None:
    database = psycopg.conninfo.conninfo_to_dict(empty_database)
    password = tmp_path / "password"
    password.write_text(str(database["password"]))
    environment = {
        "PGHOST": str(database["host"]),
        "PGPORT": str(database["port"]),
        "PGUSER": str(database["user"]),
        "PASSWORD_FILE": str(password),
        "PGDATABASE": str(database["dbname"]),
        "DATABASE_URL": SERVICES["summary-app-sample"]["environment"]["DATABASE_URL"],
    }
    programs = str(postgres_server.bin_dir)
    assert "Summary" in run("summary-app-sample", "entrypoint", environment, programs)
    assert run("summary-app-sample", "entrypoint", environment, programs) == "The sample data are there\n"


def test_the_bucket_is_created_once(s3_server: SeaweedS3) -> None:
    environment = {"BUCKET": "compose-backups"}
    addresses = {
        "seaweedfs:9333": f"127.0.0.1:{s3_server.listeners['master']}",
        "seaweedfs:8888": f"127.0.0.1:{s3_server.listeners['filer']}",
    }
    scripts = sysconfig.get_path("scripts")
    run("seaweedfs-bucket", "entrypoint", environment, scripts, addresses)
    client = s3_server.client()
    assert "compose-backups" in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
    assert "is there" in run("seaweedfs-bucket", "entrypoint", environment, scripts, addresses)
    empty_and_delete(client, "compose-backups")
    client.close()


def test_airflows_users_get_their_passwords_and_nobody_else_reads_them(tmp_path: Path) -> None:
    airflow = tmp_path / "airflow"
    airflow.write_text("#!/bin/sh\n")
    airflow.chmod(0o755)
    given = {"admin": "one", "viewer": "two"}
    (tmp_path / "airflow_users.json").write_text(json.dumps(given))
    places = {"/opt/airflow/auth": str(tmp_path), "/run/secrets": str(tmp_path)}
    run("airflow-init", "command", {}, str(tmp_path), places)
    file = tmp_path / "passwords.json"
    assert json.loads(file.read_text()) == given
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
