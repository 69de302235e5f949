"""Promise: every way in which PostgreSQL writes its version has a major version, and nothing else has."""

from __future__ import annotations

import pytest

from dbops.domain.servers.major_version import major_version


@pytest.mark.parametrize(
    ("version", "major"),
    [("17.10", 17), ("17.10 (Debian 17.10-1.pgdg12+1)", 17), ("18beta1", 18), ("19devel", 19), ("9.6.24", 9)],
)
def test_the_major_version_is_the_first_number(version: str, major: int) -> None:
    assert major_version(version) == major


@pytest.mark.parametrize("version", ["", "unknown", "-1", "v17"])
def test_what_is_no_version_is_older_than_all(version: str) -> None:
    assert major_version(version) == 0
