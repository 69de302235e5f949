"""Whatever is typed behind ``python -m dbops``: a sentence and a status that are documented, and nothing is done."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.cli.main import main
from dbops.cli.surroundings import Surroundings
from dbops.errors import InvalidConnection
from dbops.gateways.environment import address_of, open_bucket
from dbops.gateways.files.target_files import read_targets
from tests.fuzzing import fuzzed
from tests.mutations import GARBAGE, HOSTILE_TEXTS
from tests.unit.fuzz.terminal import terminal
from tests.unit.fuzz.watched_bucket import WatchedBucket
from tests.unit.samples import NOW, Clock

INCLUDE = Path(__file__).parent / "include"
VERBS = (
    "targets",
    "backup",
    "backups",
    "expire",
    "hold",
    "restore",
    "drill",
    "baseline",
    "check",
    "probe",
    "migrate",
    "watch",
)
FLAGS = (
    *(
        "--json",
        "--dry-run",
        "--accept",
        "--if-due",
        "--full",
        "--load",
        "--yes",
        "--plan",
        "--init",
        "--release",
        "--swap",
    ),
    *("--heartbeat", "--debug", "--", "-", "-h", "--no-such", "--js", "--json=1"),
)
OPTIONS = (
    "--backup",
    "--until",
    "--reason",
    "--not-later-than",
    "--into",
    "--loaded",
    "--as-schema",
    "--schema",
    "--table",
    "--include",
)
DATES = (
    "2027-06-30",
    "90d",
    "0001-01-01",
    "9999-12-31",
    "99999999999d",
    "-1d",
    "2026-02-30",
    "2026-11-22 02:00",
    "now",
)
NAMES = (
    st.sampled_from(["shop", "blog", "never", "20261122T020000Z", "99991231T235959Z", *DATES])
    | HOSTILE_TEXTS
    | st.text(max_size=9)
)


@st.composite
def typed(draw: st.DrawFn) -> list[str]:
    words = [draw(st.sampled_from(VERBS) | NAMES)]
    for _ in range(draw(st.integers(0, 5))):
        how = draw(st.sampled_from(["name", "target", "flag", "option", "="]))
        if how == "target":
            words.append("shop")
        elif how == "name":
            words.append(draw(NAMES))
        elif how == "flag":
            words.append(draw(st.sampled_from(FLAGS)))
        else:
            option, value = draw(st.sampled_from(OPTIONS)), draw(NAMES)
            words += [option, value] if how == "option" else [f"{option}={value}"]
    return words


@fuzzed(100)
@given(typed())
def test_whatever_is_typed_ends_with_a_status_that_is_documented_and_nothing_is_done(words: list[str]) -> None:
    bucket = WatchedBucket()

    def nowhere(*_of: object) -> NoReturn:
        raise InvalidConnection("Nobody may ask a database here.", "")

    around = Surroundings(
        INCLUDE,
        open_bucket=lambda _target: bucket,
        look_up_database=nowhere,
        address_of=nowhere,
        clock=Clock(NOW),
        who="tester",
    )
    with pytest.MonkeyPatch.context() as patch, terminal() as (out, err):
        patch.setenv("DBOPS_INCLUDE", str(INCLUDE))  # which --include replaces
        asks_for_help = False
        try:
            status = main(words, around)
        except SystemExit as left:
            asks_for_help, status = True, int(str(left.code))
    said, complained = out.text(), err.text()
    assert status in ({0} if asks_for_help else {0, 1, 2, 3}), said
    assert "bug in dbops itself" not in said + complained, (words, said, complained)
    assert "Traceback" not in complained
    if "--json" in words and not asks_for_help:
        json.loads(said)
        assert said.count("\n") == 1
    elif status >= 2 and "targets" not in words:
        assert re.search(r"^error: ", complained, re.MULTILINE)  # behind what it was about to do, where it had begun
    assert bucket.changes == []


SECRET = "hunter2-do-not-show"


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """What may stand in AIRFLOW_CONN_SHOP, with a password that must not be repeated."""
    text = draw(
        st.sampled_from(
            [
                f"postgresql://dba:{SECRET}@db.example.com:5432/shop?sslmode=require",
                f'{{"conn_type": "postgres", "host": "db", "password": "{SECRET}", "extra": {{"sslmode": 1}}}}',
                f"aws://KEY:{SECRET}@/?endpoint_url=https%3A%2F%2Fs3.example.com&region_name=eu",
            ]
        )
    )
    for _ in range(draw(st.integers(0, 3))):
        places = [
            at for at in range(len(text) + 1) if SECRET[1:-1] not in text[max(0, at - len(SECRET)) : at + len(SECRET)]
        ]
        at = draw(st.sampled_from(places or [0]))
        put_in = draw(HOSTILE_TEXTS | st.text(max_size=3) | GARBAGE.map(lambda body: body[:3000].decode("latin-1")))
        text = text[:at] + put_in + text[at + draw(st.integers(0, 2)) if at + 2 <= len(text) else at :]
    return text.replace("\0", "")


@fuzzed(100)
@given(addresses())
def test_whatever_a_connection_says_is_used_or_refused_without_its_password(text: str) -> None:
    environ = {"AIRFLOW_CONN_SHOP": text, "AIRFLOW_CONN_AWS_DEFAULT": text}
    shop = read_targets(INCLUDE).target("shop")
    for read in (lambda: address_of("shop", environ).libpq_environment(), lambda: open_bucket(shop, environ)):
        try:
            read()
        except InvalidConnection as refused:
            expect_words(refused)


def expect_words(refused: InvalidConnection) -> None:
    assert refused.what
    assert refused.remedy
    assert SECRET not in str(refused)
