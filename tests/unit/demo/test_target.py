from __future__ import annotations

from pathlib import Path

from demo.target import Storage


def write(include: Path, file: str, text: str) -> None:
    (include / file).parent.mkdir(parents=True, exist_ok=True)
    (include / file).write_text(text)


def test_the_defaults_say_where_backups_go(tmp_path: Path) -> None:
    write(tmp_path, "defaults.yaml", "storage: {bucket: ours, prefix: team/}")

    assert Storage.of(tmp_path) == Storage("ours", "team")
    assert Storage.of(tmp_path).folder == "team/summary_app"


def test_the_target_overrides_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, "defaults.yaml", "storage: {bucket: ours, prefix: team}")
    write(tmp_path, "targets/summary_app.yaml", "connection: x\nstorage: {bucket: its-own}")

    assert Storage.of(tmp_path) == Storage("its-own", "team")


def test_a_file_that_cannot_be_read_does_not_keep_the_stack_down(tmp_path: Path) -> None:
    write(tmp_path, "defaults.yaml", "storage: [unclosed")

    assert Storage.of(tmp_path) == Storage("dbops-backups", "")
    assert Storage.of(tmp_path).folder == "summary_app"
