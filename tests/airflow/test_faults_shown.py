"""An include file that cannot be read: one import error that says where and what, and nothing else breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.airflow.conftest import Dags


def test_a_bad_file_is_one_import_error_and_takes_down_only_its_own_dag(
    include: Path, add_target: Callable[..., None], load_dags: Callable[[], Dags]
) -> None:
    add_target("shop")
    (include / "targets" / "blog.yaml").write_text("connection: blog\nstorage:\n  buckett: backups\n")
    dags, errors = load_dags()
    assert sorted(dags) == ["backup__shop", "drill__shop", "migrate", "rehearse", "restore", "watch"]
    assert list(errors) == ["target_faults.py"]
    assert "targets/blog.yaml:3: " in errors["target_faults.py"]
    assert "bucket" in errors["target_faults.py"]


def test_every_bad_file_is_named(include: Path, load_dags: Callable[[], Dags]) -> None:
    (include / "targets" / "one.yaml").write_text("connection: one\nstorage: {bucket: backups}\nnonsense: 1\n")
    (include / "targets" / "two.yaml").write_text("connection: [two\n")
    dags, errors = load_dags()
    assert sorted(dags) == ["migrate", "rehearse", "restore", "watch"]
    assert list(errors) == ["target_faults.py"]
    assert "targets/one.yaml:3: " in errors["target_faults.py"]
    assert "targets/two.yaml:" in errors["target_faults.py"]


def test_when_the_file_is_corrected_the_error_is_gone(
    include: Path, add_target: Callable[..., None], load_dags: Callable[[], Dags]
) -> None:
    (include / "targets" / "shop.yaml").write_text("connection: shop\nnonsense: 1\n")
    assert list(load_dags()[1]) == ["target_faults.py"]
    add_target("shop")
    dags, errors = load_dags()
    assert errors == {}
    assert "backup__shop" in dags


def test_with_no_target_at_all_there_is_still_what_belongs_to_none(
    include: Path, load_dags: Callable[[], Dags]
) -> None:
    dags, errors = load_dags()
    assert (sorted(dags), errors) == (["migrate", "rehearse", "restore", "watch"], {})
