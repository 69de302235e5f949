"""Promise: what a form or a shell was given is understood, or refused with what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dbops.domain.restores.request import MODES, RestoreRequest, read_restore_request
from dbops.errors import InvalidRequest

VIENNA = ZoneInfo("Europe/Vienna")


def read(**given: Any) -> RestoreRequest:
    return read_restore_request(zone=VIENNA, **given)


def test_nothing_given_means_the_whole_newest_backup_beside() -> None:
    request = read(backup="", not_later_than=" ", schemas=["", " "], tables=[], into="")

    assert request == RestoreRequest()
    assert request.is_whole


def test_everything_given_is_kept() -> None:
    request = read(mode="into", backup=" 20261122T020000Z ", schemas=["crm"] * 2, tables=["public.Order"], into=" x ")

    assert (request.mode, request.backup_id, request.into) == ("into", "20261122T020000Z", "x")
    assert (request.schemas, request.tables) == (("crm",), ("public.Order",))
    assert not request.is_whole


def test_what_is_loaded_already_is_named_by_its_run_or_its_database() -> None:
    assert read(mode="swap", loaded=" shop__restore_20261122_021500 ").loaded == "shop__restore_20261122_021500"
    assert read(mode="swap", loaded=" ").loaded is None


def test_a_time_without_an_offset_is_the_targets_own() -> None:
    assert read(not_later_than="2026-11-22 02:00").not_later_than == datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert read(not_later_than="2026-11-22T02:00+00:00").not_later_than == datetime(2026, 11, 22, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "what", "remedy"),
    [
        ({"mode": "swop"}, 'no mode "swop"', 'Did you mean "swap"?'),
        ({"mode": "x"}, 'no mode "x"', f"Choose one of {', '.join(MODES)}"),
        ({"backup": "yesterday"}, "is not a backup id", "lists them"),
        ({"not_later_than": "noon"}, '"noon" is not a time', "2026-11-22 02:00"),
        ({"backup": "20261122T020000Z", "not_later_than": "2026-11-22"}, "not both", "Leave one of them out"),
        ({"mode": "swap", "tables": ["a"]}, "Only a whole database", "beside it"),
        ({"mode": "swap", "schemas": ["a"]}, "Only a whole database", "beside it"),
        ({"mode": "swap", "loaded": "x", "backup": "20261122T020000Z"}, "or a backup to load", "Leave one of them"),
        (
            {"mode": "swap", "loaded": "x", "not_later_than": "2026-11-22"},
            "or a backup to load",
            "Leave one of them",
        ),
        ({"mode": "beside", "loaded": "x"}, "works only in mode swap, and the mode is beside", "mode swap"),
        ({"mode": "swap", "loaded": "x", "tables": ["a"]}, "Only a whole database", "beside it"),
        ({"mode": "into"}, "needs its name", "into"),
        ({"mode": "into", "into": " "}, "needs its name", "into"),
        ({"into": "x"}, "the mode is beside", "mode into"),
        ({"mode": "schema"}, "exactly one schema", "schemas"),
        ({"mode": "schema", "schemas": ["a", "b"]}, "exactly one schema", "schemas"),
        ({"mode": "schema", "schemas": ["a"], "tables": ["b"]}, "no tables", "schemas"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(given: dict[str, Any], what: str, remedy: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**given)

    assert what in refused.value.what
    assert remedy in refused.value.remedy
