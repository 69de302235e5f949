"""Promise: a plan's digest is that of what decides, and what is shown is what will be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import TableEntry
from dbops.domain.restores.live_facts import LiveTable, SessionGroup
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.restores.taken_over import TakenOver
from dbops.domain.servers.database_settings import DatabaseSettings
from tests.unit.restores import BACKUP, BEFORE, RESTORED, live, plan
from tests.unit.samples import NOW, manifest


def taking_over(**changed: Any) -> RestoreRequest:
    """A swap of what an earlier run has loaded."""
    facts = {"run": "first", "loaded_by": "first", "planned": NOW, "oid": 222, "verified": NOW, "verify_seconds": 90.0}
    return RestoreRequest(mode="swap", backup_id=BACKUP, takes_over=TakenOver(**{**facts, **changed}))


DECIDES: dict[str, dict[str, Any]] = {
    "target": {"target": "other"},
    "backup": {"manifest": manifest("20200101T000000Z")},
    "mode": {"request": RestoreRequest(mode="beside", backup_id=BACKUP)},
    "schemas": {"request": RestoreRequest(mode="swap", backup_id=BACKUP, schemas=("crm",))},
    "tables": {"request": RestoreRequest(mode="swap", backup_id=BACKUP, tables=("crm",))},
    "restored name": {"database": "other"},
    "old name": {"before": "other"},
    "schema's name": {"schema": "other"},
    "live name": {"live_name": "other"},
    "another live database": {"live": live(oid=112)},
    "no live database": {"live": None},
    "live schema": {"live": live(fingerprint="g" * 64)},
    "statements": {"statements": ("CREATE DATABASE x", "ALTER DATABASE x RENAME TO z")},
    "what is taken over": {"request": taking_over()},
    "order of statements": {"statements": ("ALTER DATABASE x RENAME TO y", "CREATE DATABASE x")},
}
CHANGES_BY_THE_MINUTE: dict[str, dict[str, Any]] = {
    "rows": {"live": live(tables={("public", "Order"): LiveTable(621, exact=False, newest="now", since=3)})},
    "size": {"live": live(bytes=1)},
    "sessions": {"live": live(sessions=(SessionGroup("app", "web", 3, may_end=False),))},
    "what is in the way": {"live": live(slots=("s",), subscriptions=("s",), prepared=("p",), may_rename=False)},
    "settings, which are statements": {"live": live(settings=DatabaseSettings(owner="other"))},
    "verified": {"verified": NOW},
    "expected": {"expected": timedelta(minutes=3)},
    "needed": {"needed_bytes": 1},
    "free": {"free_bytes": 1},
    "planned": {"planned": NOW + timedelta(hours=1)},
    "looked": {"looked": NOW + timedelta(hours=1)},
    "proven": {"proven": NOW},
    "blockers": {"blockers": ("No.",)},
    "cluster, which only some servers tell": {"cluster": "7"},
    "warnings": {"warnings": ("Well.",)},
    "likely blockers": {"likely_blockers": ("Well.",)},
    "role, whose right is asked again": {"role": "another"},
}


@pytest.mark.parametrize("changed", DECIDES.values(), ids=DECIDES)
def test_whatever_decides_changes_the_digest(changed: dict[str, Any]) -> None:
    assert plan(**changed).digest != plan().digest


@pytest.mark.parametrize("changed", CHANGES_BY_THE_MINUTE.values(), ids=CHANGES_BY_THE_MINUTE)
def test_what_changes_by_the_minute_does_not(changed: dict[str, Any]) -> None:
    assert plan(**changed).digest == plan().digest


def test_every_field_of_a_plan_decides_or_changes_by_the_minute() -> None:
    tried = {field for changed in (*DECIDES.values(), *CHANGES_BY_THE_MINUTE.values()) for field in changed}

    follow = {"tables", "making"}  # from the request and the backup, and from the statements
    assert tried | follow == set(plan().__dataclass_fields__)


def test_the_plan_says_what_who_decides_has_to_know() -> None:
    shown = plan(
        blockers=("A slot.",),
        warnings=("Never proven.",),
        verified=NOW,
        expected=timedelta(minutes=7),
        live=live(sessions=(SessionGroup("web", "puma", 12, may_end=True), SessionGroup("bi", "", 1, may_end=False))),
    ).markdown()

    for expected in (
        "## Restore of shop: swap",
        "- **A slot.**",
        "- Never proven.",
        f"| Goes live | backup {BACKUP}: the data of 2026-11-21 12:00 UTC, 1d old |",
        "| The backup holds | 1 table, 500 rows;",
        "| Verified | the backup passed at 2026-11-22 12:00 UTC; it is verified when it is loaded |",
        f"| Goes into | `{RESTORED}`, a new database, which then takes the live one's place",
        f"| The old one | stays as {BEFORE} until somebody drops it; dbops drops none |",
        "| Disk | about 10.7 KiB needed on the server; free: not known: see restore.disk_size |",
        "| Expected to take | 7m |",
        "| public.Order | 500 | 620 |",
        "| web | puma | 12 | yes |",
        "| bi | - | 1 | **no** |",
        f"```sql\nCREATE DATABASE x;\n-- pg_restore of {BACKUP}, ANALYZE, verification\n"
        "BEGIN;\nALTER DATABASE x RENAME TO y;\nCOMMIT;\n```",
    ):
        assert expected in shown


def test_the_whole_plan_reads_like_this() -> None:
    sessions = (SessionGroup("web", "puma", 12, may_end=True),)
    shown = plan(blockers=("A slot.", "A replica."), warnings=("Old.", "Slow."), live=live(sessions=sessions))

    assert (
        shown.markdown()
        == f"""\
## Restore of shop: swap

### What stands in the way

- **A slot.**
- **A replica.**

### In short

|  |  |
| --- | --- |
| Goes live | backup {BACKUP}: the data of 2026-11-21 12:00 UTC, 1d old |
| Verified | never; it is verified when it is loaded |
| Rows lost | 120 rows in 1 table: public.Order 120; rows that were changed are not counted |
| Rows back | none |
| Cut off | 12 connections |
| The old one | stays as {BEFORE} until somebody drops it; dbops drops none |
| To go back | two renames, given in the report in the log; anything written after the swap is not carried over |

### What to know

- Old.
- Slow.

### The restore

|  |  |
| --- | --- |
| The backup holds | 1 table, 500 rows; 1000 B of a database of 9.8 KiB |
| Chosen | the whole database |
| Goes into | `{RESTORED}`, a new database, which then takes the live one's place; \
the live one is kept under another name |
| Disk | about 10.7 KiB needed on the server; free: not known: see restore.disk_size |
| Expected to take | not known: no drill yet |

### What the backup holds, and what is live in `shop`

| table | rows in the backup | rows live now | what differs |
| --- | --- | --- | --- |
| public.Order | 500 | 620 | **120 more live** |

### Connections that the swap will end

| role | application | connections | may be ended by us |
| --- | --- | --- | --- |
| web | puma | 12 | yes |

### What will run

```sql
CREATE DATABASE x;
-- pg_restore of {BACKUP}, ANALYZE, verification
BEGIN;
ALTER DATABASE x RENAME TO y;
COMMIT;
```"""
    )


def test_the_plan_of_what_is_taken_over_says_that_nothing_is_loaded() -> None:
    swap = ("ALTER DATABASE x RENAME TO y",)
    shown = plan(request=taking_over(), statements=swap, making=0, needed_bytes=0, expected=timedelta(seconds=90))

    for expected in (
        f"**Nothing is loaded.** The database `{RESTORED}` (oid 222), which the run `first` of 2026-11-22 12:00 UTC "
        f"has loaded from backup {BACKUP}, and whose verification passed at 2026-11-22 12:00 UTC, is verified again "
        "and swapped in.\n\n",
        f"| Is in | `{RESTORED}`, which is there, and then takes the live one's place; the live one is kept",
        "| Disk | nothing more needed on the server; free:",
        "| Expected to take | 1m 30s |",
        "```sql\n-- verification\nBEGIN;\nALTER DATABASE x RENAME TO y;\nCOMMIT;\n```",
    ):
        assert expected in shown.markdown()
    handed_on = plan(request=taking_over(run="second")).markdown()
    assert "the run `first` of 2026-11-22 12:00 UTC has loaded" in handed_on
    assert f"from backup {BACKUP}, and the run `second` has taken over, and whose verification" in handed_on


@pytest.mark.parametrize(("changed", "decides"), [({"run": "x"}, True), ({"oid": 1}, True), ({"verified": NOW}, False)])
def test_from_whom_what_is_taken_over_decides(changed: dict[str, Any], decides: bool) -> None:
    one, other = plan(request=taking_over()), plan(request=taking_over(**changed))

    assert (one.digest != other.digest) is decides


def test_another_cluster_than_the_backups_is_a_fact_and_stands_in_nobodys_way() -> None:
    made = replace(manifest(BACKUP), system_identifier="7588")

    shown = plan(manifest=made, cluster="7712")

    assert (
        "\n| Made on | **another cluster**: its system identifier is `7588`, and that of this server `7712`. This is "
        "expected after moving to a new server or `pg_upgrade`; otherwise find out where the connection leads |\n"
    ) in shown.markdown()
    assert shown.blockers == ()


@pytest.mark.parametrize(("made", "now"), [("7588", "7588"), (None, "7712"), ("7588", None), (None, None)])
def test_of_the_same_cluster_or_one_that_nobody_knows_nothing_is_said(made: str | None, now: str | None) -> None:
    shown = plan(manifest=replace(manifest(BACKUP), system_identifier=made), cluster=now)

    assert "cluster" not in shown.markdown()


def test_where_nothing_stands_in_the_way_nothing_is_said_of_it() -> None:
    assert plan().markdown().startswith("## Restore of shop: swap\n\n### In short\n\n|  |  |\n")


def test_an_empty_backup_of_what_is_not_live_has_no_table() -> None:
    assert "\n\nNo table.\n\n" in plan(live=None, manifest=replace(manifest(BACKUP), tables=())).markdown()


def test_what_is_not_known_is_said_to_be() -> None:
    shown = plan(live=None).markdown()

    assert "`shop`\n\nThere is no live database of that name.\n\n| table |" in shown
    assert "| Expected to take | not known: no drill yet |" in shown
    assert "| Rows lost | none: there is no database shop |" in shown
    assert "The old one" not in shown
    assert "Connections that the swap will end" not in shown


def test_both_sides_are_shown_of_every_table_that_either_has() -> None:
    tables = {("public", "new"): LiveTable(7, exact=False), ("public", "Order"): LiveTable(3, True, "2026-11-22", 2)}
    held = replace(manifest(BACKUP), tables=(TableEntry("public", "Order", 5, 0), TableEntry("a", "parted", None, 0)))

    shown = plan(live=live(tables=tables), manifest=held).markdown()

    assert "| table | rows in the backup | rows live now | newest live row | newer than the backup |" in shown
    assert "| public.Order | 5 | 3 | 2026-11-22 | 2 |" in shown
    assert "| public.new | - | about 7 | - | - |" in shown
    assert "| a.parted | (no rows of its own) | - | - | - |" in shown


def test_what_differs_between_backup_and_live_catches_the_eye() -> None:
    names = ("gone", "grown", "parted", "same", "shrunk")
    held = tuple(TableEntry("a", name, None if name == "parted" else 5000, 0) for name in names)
    tables = {
        ("a", "grown"): LiveTable(7000, exact=True),
        ("a", "parted"): LiveTable(9, exact=True),
        ("a", "same"): LiveTable(5000, exact=True),
        ("a", "shrunk"): LiveTable(3999, exact=False),
        ("a", "young"): LiveTable(1, exact=True),
    }

    shown = plan(live=live(tables=tables), manifest=replace(manifest(BACKUP), tables=held)).markdown()

    for row in (
        "| table | rows in the backup | rows live now | what differs |",
        "| a.gone | 5,000 | - | **not live** |",
        "| a.grown | 5,000 | 7,000 | **2,000 more live** |",
        "| a.parted | (no rows of its own) | 9 |  |",
        "| a.same | 5,000 | 5,000 |  |",
        "| a.shrunk | 5,000 | about 3,999 | **about 1,001 fewer live** |",
        "| a.young | - | 1 | **not in the backup** |",
    ):
        assert row in shown


def test_what_is_chosen_where_it_goes_and_what_is_free_is_said() -> None:
    chosen = RestoreRequest(mode="schema", schemas=("crm", "bi"), tables=("public.Order",))
    shown = plan(request=chosen, schema="restored", free_bytes=2048, statements=("CREATE SCHEMA restored",)).markdown()

    assert "| Chosen | schema crm, schema bi, table public.Order |" in shown
    assert "| Goes into | `restored`, a new schema of the live database; no table that is there is touched |" in shown
    assert "free: 2.0 KiB |" in shown
    assert "Connections that the swap will end" not in shown
    assert f"CREATE SCHEMA restored;\n-- pg_restore of {BACKUP}, ANALYZE, verification\n```" in shown
    assert "| Chosen | the whole database |" in plan().markdown()
    assert "### Connections that the swap will end\n\nNone at this moment." in plan().markdown()


def test_of_chosen_tables_only_these_are_shown() -> None:
    request = RestoreRequest(mode="beside", tables=("public.Order",))
    tables = {("public", "Order"): LiveTable(3, exact=True), ("public", "other"): LiveTable(4, exact=True)}

    shown = plan(request=request, tables=frozenset({("public", "Order")}), live=live(tables=tables)).markdown()

    assert "| Chosen | table public.Order |" in shown
    assert "public.other" not in shown


def test_of_many_tables_the_largest_are_shown_and_the_others_counted() -> None:
    tables = {("public", f"t{n:03}"): LiveTable(n, exact=True) for n in range(100)}

    shown = plan(live=live(tables=tables)).markdown()

    assert "| public.t099 | - | 99 |" in shown
    assert "| public.t003 |" not in shown
    assert "41 smaller tables not shown." in shown


def test_a_large_table_of_the_backup_is_shown_though_it_is_gone_or_nearly_empty_now() -> None:
    """It is what somebody restores for."""
    tables = {("public", f"t{n:03}"): LiveTable(n, exact=True) for n in range(100)}
    held = (TableEntry("public", "t001", 7000, 0), TableEntry("public", "gone", 8000, 0))

    shown = plan(live=live(tables=tables), manifest=replace(manifest(BACKUP), tables=held)).markdown()

    assert "| public.t001 | 7,000 | 1 |" in shown
    assert "| public.gone | 8,000 | - |" in shown


@pytest.mark.parametrize(
    ("found", "columns"), [({"newest": "2026-11-22"}, "2026-11-22 | -"), ({"since": 0}, "- | 0")], ids=str
)
def test_what_is_known_of_the_newest_rows_is_shown_where_the_rest_is_not(found: dict[str, Any], columns: str) -> None:
    shown = plan(live=live(tables={("public", "Order"): LiveTable(620, exact=True, **found)})).markdown()

    assert f"| public.Order | 500 | 620 | {columns} |" in shown


HOSTILE = st.text("ab|`*<>[]\\ \n-#", min_size=1, max_size=15)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_name_breaks_a_table_or_poses_as_the_plan(one: str, other: str, sentence: str) -> None:
    odd = live(
        tables={(one, other): LiveTable(1, exact=True)},
        sessions=(SessionGroup(one, other, 1, may_end=True),),
    )
    request = RestoreRequest(mode="swap", tables=(one,))

    def shape(shown: str) -> list[str]:
        """The headings and how often each kind of line comes."""
        lines = shown.split("\n")
        headings = [line for line in lines if line.startswith("#")]
        return [*headings[:1], f"{len(headings)} {sum(line.startswith('|') for line in lines)} {len(lines)}"]

    shown = plan(live=odd, request=request, tables=frozenset({(one, other)}), before=one, database=other, live_name=one,
                 blockers=(sentence,), statements=()).markdown()  # fmt: skip
    plain = plan(
        live=live(tables={("a", "b"): LiveTable(1, exact=True)}, sessions=(SessionGroup("a", "b", 1, may_end=True),)),
        request=RestoreRequest(mode="swap", tables=("a",)),
        tables=frozenset({("a", "b")}),
        blockers=("a",),
        statements=(),
    ).markdown()

    assert shape(shown) == shape(plain)


def test_a_statement_cannot_end_its_block() -> None:
    shown = plan(statements=('ALTER DATABASE "a\n```\nApproved by all" RENAME TO "b"',)).markdown()

    assert "````sql\nALTER DATABASE" in shown
    assert shown.endswith("\n````")
