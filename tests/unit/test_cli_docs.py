"""The pages on targets, connections and the shell say what the code does."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest

from dbops.cli.arguments import parser
from dbops.domain.servers import connection_parameters
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.target_files import read_targets
from tests.own_defaults import RECIPIENT, own_defaults

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
ADD_A_DATABASE = (DOCS / "add-a-database.md").read_text(encoding="utf-8")
CONNECTIONS = (DOCS / "connections.md").read_text(encoding="utf-8")
SHELL = (DOCS / "shell.md").read_text(encoding="utf-8")
DRILLS = (DOCS / "drills.md").read_text(encoding="utf-8")
CHECKS = (DOCS / "checks.md").read_text(encoding="utf-8")


def include_with(folder: Path, shop: str) -> Path:
    (folder / "targets").mkdir()
    (folder / "defaults.yaml").write_text(own_defaults(), encoding="utf-8")
    (folder / "targets" / "shop.yaml").write_text(shop, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("shop", "fault"), re.findall(r"```yaml wrong\n([^`]*)```\n\n```text\n(.*)\n```", ADD_A_DATABASE)
)
def test_every_error_on_the_page_is_the_one_that_its_file_causes(shop: str, fault: str, tmp_path: Path) -> None:
    (found,) = read_targets(include_with(tmp_path, shop)).faults
    assert str(found) == fault


def test_the_page_shows_errors_at_all() -> None:
    assert ADD_A_DATABASE.count("```yaml wrong\n") >= 5


def test_one_line_makes_a_target_as_the_page_says(tmp_path: Path) -> None:
    minimal = re.search(r"^   ```yaml\n   (.*\n)   ```$", ADD_A_DATABASE, re.MULTILINE)
    assert minimal
    files = read_targets(include_with(tmp_path, minimal[1]))
    assert (list(files.targets), files.faults) == (["shop"], ())


def test_who_is_woken_is_named_for_all_as_the_page_says(tmp_path: Path) -> None:
    alerts = re.search(r"^   ```yaml\n   # include/defaults.yaml\n((?:   .*\n)*?)   ```$", ADD_A_DATABASE, re.MULTILINE)
    assert alerts
    shipped = (REPOSITORY / "include" / "defaults.yaml").read_text(encoding="utf-8")
    include = include_with(tmp_path, "connection: shop\n")
    (_, recipients) = textwrap.dedent(alerts[1]).splitlines()
    (include / "defaults.yaml").write_text(
        shipped.replace("  # recipients: []", recipients.replace("dba@example.com", RECIPIENT)), encoding="utf-8"
    )
    files = read_targets(include)
    assert files.faults == ()
    assert files.targets["shop"].alerts.recipients == (RECIPIENT,)


def test_every_parameter_that_is_understood_is_explained_and_no_other() -> None:
    table = CONNECTIONS.partition("## Parameters")[2].partition("\n## ")[0]
    named = set()
    for row in table.splitlines():
        if row.startswith("| `"):
            named |= set(re.findall(r"`([^`]+)`", row.split("|")[1]))
    assert named == connection_parameters.KNOWN


@pytest.mark.parametrize("url", re.findall(r"`((?:postgresql://[^`]|host=)[^`]*)`", CONNECTIONS))
def test_every_connection_on_the_page_is_understood(url: str) -> None:
    assert DatabaseAddress.from_url(url).database == "shop"


@pytest.mark.parametrize(
    "command", re.findall(r"python -m dbops ([^`\n&|>]+?)\.?(?=[`\n&|>])", SHELL + ADD_A_DATABASE + DRILLS + CHECKS)
)
def test_every_command_on_the_pages_can_be_asked_for(command: str) -> None:
    assert parser().parse_args(shlex.split(command)).verb == command.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    "verb",
    ["targets", "backup", "backups", "expire", "baseline", "hold", "drill", "check", "restore", "migrate", "watch"],
)
def test_every_verb_is_on_the_page(verb: str) -> None:
    assert f"`python -m dbops {verb}" in SHELL
