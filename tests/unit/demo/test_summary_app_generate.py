from __future__ import annotations

from datetime import datetime

import pytest

from demo.errors import DemoError
from demo.summary_app.generate import create, generate, main

SECRET = "s3cr%zzet"
NOWHERE = "postgresql://demo:word@127.0.0.1:1/nowhere"


@pytest.mark.parametrize("scale", [0, -1, 1001, float("nan"), float("inf")])
def test_an_impossible_scale_is_refused_before_anything_is_connected(scale: float) -> None:
    with pytest.raises(DemoError, match="outside 0 to 1000"):
        generate(NOWHERE, scale)


def test_a_time_without_a_zone_is_refused_before_anything_is_connected() -> None:
    with pytest.raises(DemoError, match="no time zone"):
        generate(NOWHERE, now=datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.parametrize(
    "url", [f"postgresql://demo:{SECRET}@127.0.0.1:1/db", "postgresql://demo:pw@h/db?schema=public"]
)
def test_a_url_that_libpq_cannot_read_is_explained_and_never_quoted(url: str) -> None:
    with pytest.raises(DemoError, match="not one that libpq reads") as caught:
        create(url)

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_command_line_asks_for_a_database_when_none_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    with pytest.raises(SystemExit) as ended:
        main(["--scale", "1"])

    assert ended.value.code == 2
    assert "DATABASE_URL" in capsys.readouterr().err


def test_the_command_line_ends_with_1_and_one_sentence_when_it_cannot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://demo:word@h/db?connection_limit=3")

    assert main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1
