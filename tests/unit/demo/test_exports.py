"""Promise: after `eval "$(make demo-env)"` the demo's programs are at hand; what does not run is named."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from demo import environment
from demo.errors import DemoError
from demo.existing import running
from demo.stack import PORTS, Stack
from demo.state import DemoState


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    state = replace(DemoState.generate(), ports=dict.fromkeys(PORTS, 1))
    state.save(tmp_path / "state.json")
    return Stack(tmp_path, state)


def test_dbops_runs_from_a_shell_wherever_it_stands(stack: Stack, tmp_path: Path) -> None:
    script = f"{environment.export_lines(stack.exports(), path=stack.programs())}\npython -m dbops targets --json"
    answer = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    assert [target["name"] for target in json.loads(answer.stdout)["targets"]] == ["summary_app"]


def test_aws_and_postgresqls_programs_are_on_the_path(stack: Stack, tmp_path: Path) -> None:
    script = f'{environment.export_lines(stack.exports(), path=stack.programs())}\necho "$PATH"; command -v aws'
    answer = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=True
    )
    path, aws = answer.stdout.splitlines()
    own, postgres, shell = path.split(":")
    assert (own, shell) == (str(Path(aws).parent), "/usr/bin")
    assert postgres == str(stack.postgres.bin_dir)


@pytest.mark.parametrize(
    ("dead", "said"),
    [
        (["SeaweedFS (S3)"], "SeaweedFS (S3) of the demo does not run: `make demo` starts it."),
        (["mail catcher", "Airflow"], "mail catcher and Airflow of the demo do not run: `make demo` starts them."),
        (["PostgreSQL", "SeaweedFS (S3)", "mail catcher", "Airflow"], "The demo does not run: `make demo` starts it."),
    ],
)
@pytest.mark.usefixtures("stack")
def test_what_does_not_run_is_named(
    dead: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = ("PostgreSQL", "SeaweedFS (S3)", "mail catcher", "Airflow")
    monkeypatch.setattr(Stack, "running", lambda _: {name: name not in dead for name in servers})
    with pytest.raises(DemoError) as raised:
        running(tmp_path)
    assert str(raised.value) == said
