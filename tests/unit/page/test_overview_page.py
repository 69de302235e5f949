"""The overview leaves out no target, also none of which nothing is known but that its file is faulty."""

from __future__ import annotations

import re
from typing import Any

from dbops.domain.fault import Fault
from dbops.domain.views.overview import Overview, OverviewRow
from dbops.domain.watch.faulty_target import faulty_targets
from dbops.domain.watch.light import Light, Sign
from dbops_airflow.page.readings import Reading
from dbops_airflow.page.rendering import Rendering
from tests.unit.page.page_texts import text_of
from tests.unit.samples import NOW, target

FAULT = Fault("targets/crm.yaml", 3, "unknown key `retentoin`")
SHARED = Fault("defaults.yaml", 1, "it is no mapping")


def drawn(*rows: Any, **facts: Any) -> str:
    """The overview with these rows."""
    overview = Overview(rows=(), faults=(), seen=NOW)
    given = {
        "overview": overview,
        "reading": Reading(overview, 0.0),
        "faults": (),
        "untold": (),
        "rows": rows,
        "totals": {light: sum(row.light is light for row in rows) for light in Light},
        "all": len(rows),
        "q": "",
        "show": "",
        "page": 1,
        "last_page": 1,
        **facts,
    }
    return Rendering(base="/database_ops", airflow="", now=NOW).page("overview", **given)


def test_a_target_whose_file_is_faulty_has_a_row_that_is_found_and_leads_to_its_page() -> None:
    html = drawn(*faulty_targets([FAULT]), OverviewRow(target=target(), worst=Sign.WELL, reasons=("All is well.",)))
    told = text_of(html)
    assert "act now 1" in told
    assert "targets/crm.yaml:3: unknown key retentoin" in told
    assert 'href="/database_ops/targets/crm"' in html
    assert 'data-find="crm targets/crm.yaml:3: unknown key' in html
    assert html.count("<td") == 10


def test_who_reads_it_again_waits_for_it_and_sees_what_he_saw_and_who_goes_on_waits_no_more() -> None:
    row = OverviewRow(target=target(), worst=Sign.WELL, reasons=("All is well.",))
    html = drawn(row, q="shop", show="green", page=2, last_page=3)
    assert re.findall(r'<a href="([^"]*)">Read again</a>', html) == [
        "/database_ops/?q=shop&amp;show=green&amp;page=2&amp;again=1"
    ]
    assert html.count("again=1") == 1


def test_the_files_at_fault_are_counted_not_their_faults() -> None:
    both = (FAULT, Fault("targets/crm.yaml", 4, "unknown key"))
    assert "1 file below include/ cannot be read" in text_of(drawn(faults=both))


def test_who_may_not_see_the_faults_is_told_that_there_are_some_and_not_which() -> None:
    told = text_of(drawn(untold=[SHARED]))
    assert "1 file below include/ cannot be read" in told
    assert "defaults" not in told
    assert "no mapping" not in told
    assert "below include/ cannot be read" not in text_of(drawn())
