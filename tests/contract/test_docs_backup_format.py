"""docs/backup-format.md and the code that reads and writes backups say the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from dbops.domain.backups.backup import BackupId, BackupManifest, Claim, encrypted_name
from dbops.domain.backups.dump_warnings import HARMLESS, TOLD_ELSEWHERE
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.verification import Verification
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.target_index.target_index import TargetIndex
from dbops.gateways.archive import CLEAR_SUMS

PAGE = (Path(__file__).parents[2] / "docs/backup-format.md").read_text()
BACKUP = BackupId("20261122T020000Z")


def section(title: str) -> str:
    """The part of the page under a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def example(title: str) -> bytes:
    found = re.search(r"^```json\n(.*?)\n^```$", section(title), re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1].encode()


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("manifest.json", BackupManifest.from_json),
        ("started.json", Claim.from_json),
        ("holds/&lt;backup_id&gt;.json", Hold.from_json),
        ("verifications/&lt;backup_id&gt;.json", Verification.from_json),
        ("rehearsal.json", Rehearsal.from_json),
        ("_indexes/&lt;target&gt;.json", TargetIndex.from_json),
    ],
)
def test_the_example_is_what_the_code_writes_byte_for_byte(
    title: str, read: Callable[[bytes], BackupManifest | Claim | Hold | Verification | Rehearsal | TargetIndex]
) -> None:
    body = example(title)
    assert read(body).to_json() == body


@pytest.mark.parametrize(
    ("title", "record"),
    [
        ("manifest.json", BackupManifest),
        ("verifications/&lt;backup_id&gt;.json", Verification),
        ("rehearsal.json", Rehearsal),
        ("_indexes/&lt;target&gt;.json", TargetIndex),
    ],
)
def test_every_key_is_explained_once(
    title: str, record: type[BackupManifest | Verification | Rehearsal | TargetIndex]
) -> None:
    rows = re.findall(r"^\| (`.+?) \|", section(title), re.MULTILINE)
    explained = [key for row in rows for key in re.findall(r"`(\w+)`", row)]
    assert sorted(explained) == sorted(field.name for field in fields(record))


def test_every_object_that_the_code_names_is_on_the_page() -> None:
    layout = Layout("")
    shared = Layout("<target>/")
    objects = (
        section("Objects")
        .replace("<backup_id>", BACKUP)
        .replace("<time>", BACKUP)
        .replace("<run>", "run")
        .replace("<notifier>", "notifier")
        .replace("<job>", "drill")
        .replace("<moment>", f"{BACKUP.time:%Y%m%dT%H%M%S.%fZ}")
    )
    keys = [
        layout.started(BACKUP),
        layout.manifest(BACKUP),
        layout.hold(BACKUP),
        layout.verification(BACKUP),
        layout.restore("run"),
        layout.rehearsal,
        layout.migration("run"),
        layout.audit(BACKUP.time, "expire"),
        layout.check(BACKUP),
        f"{layout.docs}{BACKUP}/",
        layout.notification("notifier", BACKUP.time),
        layout.told_backup(BACKUP),
        layout.told_failure("drill"),
        shared.index,
        shared.index_bundle,
    ]
    for key in keys:
        inside = key.removeprefix(layout.folder(BACKUP)).removeprefix(shared.indexes)
        assert re.search(rf"^ +{re.escape(inside)} ", objects, re.MULTILINE), key


def test_the_current_format_is_the_documented_one() -> None:
    default = next(field.default for field in fields(BackupManifest) if field.name == "format")
    assert f"| `format` | {default}; 2 of an encrypted backup, " in PAGE


def test_the_name_of_every_file_that_only_encrypted_backups_have_is_on_the_page() -> None:
    assert re.search(rf"^ +{re.escape(encrypted_name(CLEAR_SUMS))} ", section("Objects"), re.MULTILINE)
    assert encrypted_name("4242.dat.zst") in section("Objects")


@pytest.mark.parametrize(
    ("heading", "patterns"),
    [("why it does no harm", HARMLESS), ("what says it", TOLD_ELSEWHERE)],
    ids=["kept", "not kept"],
)
def test_what_pg_dump_says_without_a_warning_of_ours_is_on_the_page_with_its_reason(
    heading: str, patterns: tuple[tuple[re.Pattern[str], str], ...]
) -> None:
    table = re.search(rf"^\| what was said \| {heading} \|\n\| --- \| --- \|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table
    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", table[1], re.MULTILINE)
    assert [why for said, _ in rows for pattern, why in patterns if pattern.search(said)] == [why for _, why in rows]
    assert [why for _, why in rows] == [why for _, why in patterns]
