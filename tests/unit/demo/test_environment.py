from __future__ import annotations

import shlex

from demo.environment import clean, export_lines


def test_every_value_survives_the_shell_it_is_pasted_into() -> None:
    awkward = {
        "A": "plain",
        "B": "two words",
        "C": """quote ' and " and $HOME and `id`""",
        "D": "",
        "E": '{"a": "b\\c"}',
    }

    lines = export_lines(awkward, path="/x").splitlines()[:-1]

    assert [shlex.split(line) for line in lines] == [["export", f"{name}={value}"] for name, value in awkward.items()]


def test_the_programs_come_before_the_shells_own_path() -> None:
    assert export_lines({}, path="/opt/it's here/bin") == """export PATH='/opt/it'"'"'s here/bin':"$PATH\""""


def test_servers_inherit_no_other_airflow_aws_account_or_database() -> None:
    inherited = {
        "HOME": "/home/x",
        "AIRFLOW_HOME": "/elsewhere",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AWS_PROFILE": "production",
        "PGPASSFILE": "/home/x/.pgpass",
        "DATABASE_URL": "postgresql://production/db",
        "PYTHONPATH": "/elsewhere",
    }

    assert set(clean(inherited)) == {"HOME", "no_proxy", "NO_PROXY"}


def test_a_proxy_for_the_world_is_not_asked_for_loopback() -> None:
    kept = clean({"HTTP_PROXY": "http://proxy:3128", "no_proxy": "intranet"})

    assert kept["HTTP_PROXY"] == "http://proxy:3128"
    assert kept["no_proxy"] == "intranet,127.0.0.1,localhost"
