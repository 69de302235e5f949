"""A target's page says what it has, and what it could not read; it never takes the one for the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.ledger.seen_migrations import SeenMigrations
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.target_index.target_index import IndexedLeftover
from dbops.domain.views.overview import OverviewRow
from dbops.domain.views.target_parts import backups_part, checks_part, migrations_part, probes_part
from dbops.domain.views.target_view import AuditPart, Part, RestoresPart, TargetView
from dbops.domain.watch.light import Sign
from dbops_airflow.page.readings import Reading
from dbops_airflow.page.rendering import Rendering
from tests.unit.page.page_texts import text_of
from tests.unit.page_samples import backup, index, rule
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.restores import rehearsal
from tests.unit.samples import DAY, NOW, check_run, target

SHOP = target()
UNREADABLE = ("s3://vault/team/shop/x.json is not one that this version can read.",)
MIGRATIONS_SEEN = SeenMigrations(applied=(("0_init", NOW),))


def drawn(limit: int | None = 60, now: Any = NOW, **parts: Any) -> str:
    """The page of a target of which these parts are shown."""
    shown = [part for part in parts if part != "row"]
    whole = {"row": OverviewRow(target=SHOP, worst=Sign.WELL, reasons=("All is well.",)), **parts}
    view = TargetView(seen=NOW, **whole)
    facts = {
        "view": view,
        "target": view.target,
        "reading": Reading(view, 0.0),
        "shown": shown,
        "hidden": [],
        "actions": [],
        "limit": limit,
    }
    return Rendering(base="/database_ops", airflow="", now=now).page("target", **facts)


@pytest.mark.parametrize(
    ("rehearsed", "allow", "mark", "words"),
    [
        (rehearsal(), (), "good", "A restore of shop: ready, planned 2026-11-22 12:00 UTC with backup"),
        (rehearsal(refusals=("No CREATEDB.", "No <owner>.")), (), "warn", "would be refused"),
        (rehearsal(unknown="No answer.", unknown_since=NOW), (), "unknown", "would be allowed, planned"),
        (rehearsal(refusals=("No.",)), ("restored_elsewhere",), "none", "its file has allow: [restored_elsewhere]."),
        (None, (), "none", "none has been rehearsed yet."),
    ],
)
def test_whether_a_restore_would_be_let_stands_above_the_restores(
    rehearsed: Rehearsal | None, allow: tuple[str, ...], mark: str, words: str
) -> None:
    shop = target(allow=allow)
    row = OverviewRow(target=shop, worst=Sign.WELL, reasons=("All is well.",), index=index(rehearsal=rehearsed))
    page = drawn(row=row, restores=RestoresPart(records=()))
    assert f'class="mark {mark}"' in page
    assert words in text_of(page)
    refusals = rehearsed.refusals if rehearsed and not allow else ()
    assert [refusal in text_of(page) for refusal in refusals] == [True] * len(refusals)
    assert "<owner>" not in page
    assert ("No." in text_of(page)) == ("No." in refusals)


def test_all_backups_are_shown_when_all_are_asked_for() -> None:
    part = backups_part(SHOP, index([backup(nights * DAY) for nights in (3, 2, 1)]), NOW)
    few, every = drawn(limit=2, backups=part), drawn(limit=None, backups=part)
    assert (few.count('class="id"'), every.count('class="id"')) == (2, 3)
    assert "Show all 3" in few
    assert "Show all" not in every


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (Part.BACKUPS, backups_part(SHOP, index(unreadable=UNREADABLE), NOW)),
        (Part.CHECKS, checks_part([check_run(rule("a"))], UNREADABLE)),
        (Part.PROBES, probes_part([probe_run(probe_result())], UNREADABLE)),
        (Part.MIGRATIONS, migrations_part(check_run(migrations=MIGRATIONS_SEEN), (), UNREADABLE)),
        (Part.RESTORES, RestoresPart(records=(), unreadable=UNREADABLE)),
        (Part.AUDIT, AuditPart(entries=(), older=0, unreadable=UNREADABLE)),
    ],
)
def test_what_cannot_be_read_is_told_in_every_part(part: Part, value: Any) -> None:
    assert UNREADABLE[0] in text_of(drawn(**{part.value: value}))


@pytest.mark.parametrize(
    ("part", "value", "nothing"),
    [
        (Part.BACKUPS, backups_part(SHOP, index([]), NOW), "There is no backup yet."),
        (Part.MIGRATIONS, migrations_part(None, ()), "have seen neither a ledger nor a folder"),
        (Part.RESTORES, RestoresPart(records=()), "Nothing was ever restored but by drills."),
        (Part.AUDIT, AuditPart(entries=(), older=0), "Nothing was deleted, replaced or allowed yet."),
    ],
)
def test_that_there_is_nothing_is_said_only_where_everything_could_be_read(
    part: Part, value: Any, nothing: str
) -> None:
    assert nothing in text_of(drawn(**{part.value: value}))
    assert nothing not in text_of(drawn(**{part.value: replace(value, unreadable=UNREADABLE)}))


def test_an_unknown_ledger_is_not_counted() -> None:
    why = "The ledger of shop cannot be read. Let the role read it."
    part = migrations_part(check_run(migrations=SeenMigrations(unknown=why)), ())
    told = text_of(drawn(migrations=part))
    assert why in told
    assert "applied" not in told
    assert "1 applied" in text_of(drawn(migrations=migrations_part(check_run(migrations=MIGRATIONS_SEEN), ())))


def test_a_backup_that_was_running_when_it_was_looked_at_is_not_said_to_be_dead() -> None:
    started = NOW - timedelta(hours=1)
    leftover = IndexedLeftover(backup_id=BackupId.at(started), alive=NOW)
    part = backups_part(SHOP, index(written=NOW, leftovers=(leftover,)), NOW)
    told = text_of(drawn(backups=part, now=NOW + timedelta(minutes=50)))  # the watch looks every hour
    assert "running since 2026-11-22 11:00 UTC" in told
    assert "never finished" not in told
    dead = replace(part, leftovers=(replace(leftover, alive=NOW - timedelta(minutes=15)),))
    assert "never finished" in text_of(drawn(backups=dead))


def test_every_run_of_the_checks_leads_to_its_page() -> None:
    runs = [check_run(rule("a"), started=NOW - nights * DAY) for nights in range(3)]
    shown = drawn(checks=checks_part(runs))
    for run in runs:
        assert f'href="/database_ops/targets/shop/checks/{run.check_id}"' in shown
    assert "Earlier runs" not in drawn(checks=checks_part(runs[:1]))


def test_only_a_run_of_the_probes_whose_report_is_still_there_leads_to_it() -> None:
    weeks = [
        replace(probe_run(probe_result(), started=NOW - weeks * 7 * DAY), page="s3://vault/x") for weeks in (0, 1, 2)
    ]
    part = probes_part([weeks[0], replace(weeks[1], page=""), weeks[2]], pages=2)
    shown = drawn(probes=part)
    for run, is_there in zip(weeks, (True, False, True), strict=True):
        assert (f'href="/database_ops/targets/shop/probes/{run.probe_id}"' in shown) is is_there
    assert probes_part(weeks, pages=2).reports == tuple(run.probe_id for run in weeks[:2])
