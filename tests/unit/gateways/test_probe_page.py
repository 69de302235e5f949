"""The probes' page: one file that says everything, asks nobody for anything, and obeys no name."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from dbops.domain.health.item import HealthItem
from dbops.domain.probes.run import Explained, ProbeRun
from dbops.domain.query_plan.advice import Advice, IndexProposal
from dbops.gateways.probe_page import probe_page
from tests.probing_runs import bad_week, result, run, weeks

_TEMPLATES = Path(__file__).parents[3] / "include" / "report"
_PICTURES = {"overview": b"\x89PNG one", "trend": b"\x89PNG two", "distribution": b"\x89PNG three"}
_EVIL = "<b>\"'&{{ 7 * 7 }}"


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [value for attribute, value in self.attributes if attribute == name]


def _html(run: ProbeRun, history: list[ProbeRun] | None = None, pictures: dict[str, bytes] | None = None) -> str:
    return probe_page(run, history or [], _PICTURES if pictures is None else pictures, templates=_TEMPLATES).decode()


def test_it_says_what_is_not_well_why_and_what_to_do() -> None:
    text = _Page(_html(bad_week(), weeks(12))).text
    for words in (
        "3 of 16 probes are not well.",
        "Summary5/5", "UsageEvent2/3", "User3/3", "p95 above 100 ms", "The server is near",
        "60 of 60 samples failed: canceled: it took longer than statement_timeout (10 s)",
        "its budget is 100 ms", "usual over the last 8 runs is 49 ms", "over budget once",
        'CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx" ON "Summary" ("userId", "createdAt")', "unproven",
        'DROP INDEX CONCURRENTLY "Summary_userId_createdAt_idx"', "schema.yaml recommends it",
        "an index on userId and createdAt would find the rows",
        'Seq Scan on "Summary" s\n              Filter: ("userId" = $1)',
        'before  Limit > Index Scan using "Summary_userId_createdAt_idx"',
        "Dead rows", "Summary: 38 %", "at most 20 %", "autovacuum_vacuum_scale_factor = 0.05",
        "Grant pg_read_all_stats to the role dbops.",
        'The sequence "UsageEvent_id_seq" has moved on by 60',
        "6 connections instead of 10",
        "PostgreSQL 17.10", "15 November 2026", "22 November 2026, 05:00 UTC",
    ):  # fmt: skip
        assert words in text


def test_a_calm_run_has_no_heading_without_anything_below_it() -> None:
    page = _Page(_html(weeks(1)[0], pictures={}))
    assert "All 16 probes are well." in page.text
    assert "this is the first run" in page.text
    for words in ("not well", "Proposed", "Advice", "Health", "rollbacks", "left out", "Run after run", "spread"):
        assert words not in page.text
    assert "img" not in page.tags


def test_a_headline_that_is_given_is_the_one_that_stands_there() -> None:
    html = probe_page(bad_week(), [], {}, templates=_TEMPLATES, headline="Everything is slow.").decode()
    assert "<h1>Everything is slow.</h1>" in html


def test_the_pictures_are_inside_of_it_and_say_what_they_show() -> None:
    page = _Page(_html(bad_week(), weeks(12)))
    sources = page.values("src")
    assert [b64decode(source.removeprefix("data:image/png;base64,")) for source in sources] == [*_PICTURES.values()]
    assert len([alt for alt in page.values("alt") if alt]) == len(_PICTURES)


def test_it_loads_nothing_from_anywhere_and_runs_nothing() -> None:
    html = _html(bad_week(), weeks(12))
    page = _Page(html)
    assert not {"script", "link", "iframe", "object", "form", "base"} & page.tags
    assert all(source.startswith("data:image/png;base64,") for source in page.values("src"))
    assert all(address.startswith("#") for address in page.values("href"))
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not re.search(r"https?:|//[a-z]|url\(|@import", re.sub(r"base64,[^\"]+", "", html))


def test_every_link_of_it_leads_to_something() -> None:
    page = _Page(_html(bad_week(), weeks(12)))
    assert {address.removeprefix("#") for address in page.values("href")} <= set(page.values("id"))


def test_no_name_is_obeyed_wherever_it_stands() -> None:
    sick = replace(
        result(_EVIL),
        title=_EVIL,
        model=_EVIL,
        latency=None,
        errors=1,
        error=_EVIL,
        kinds={_EVIL: 1.0},
        advice=(Advice(kind="statistics", sentence=_EVIL, sql=_EVIL),),
        explained=(Explained(kind=_EVIL, shape=_EVIL, before=_EVIL, text=_EVIL),),
    )
    index = IndexProposal(
        name=_EVIL, table=_EVIL, statement=_EVIL, revert=_EVIL, probes=(_EVIL,), why=_EVIL, origin="plan"
    )
    item = HealthItem(name=_EVIL, value=_EVIL, threshold=_EVIL, status="warning", remedy=_EVIL, sql=_EVIL)
    evil = replace(
        run([sick], target=_EVIL),
        run=_EVIL,
        server_version=_EVIL,
        proposals=(index,),
        health=(item,),
        escapes=(_EVIL,),
        notes=(_EVIL,),
    )
    page = _Page(_html(evil))
    assert "b" in page.tags  # our own, of the counts by model
    assert _html(evil).count("<b>") == 1
    assert page.text.count(_EVIL) > 20


def test_a_name_may_be_broken_after_its_underscores_and_is_still_the_same_name() -> None:
    page = _Page(_html(bad_week()))
    assert "summary_<wbr>list_<wbr>newest" in _html(bad_week())
    assert "summary_list_newest" in page.text


def test_a_template_that_names_what_does_not_exist_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "probes.html.j2").write_text("{{ run.typo }}")
    with pytest.raises(UndefinedError, match="typo"):
        probe_page(bad_week(), [], {}, templates=tmp_path)
