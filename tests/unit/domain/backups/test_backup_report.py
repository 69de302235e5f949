"""Promise: a backup's report says what was stored and where, and what is odd about it makes it a warning."""

from __future__ import annotations

from typing import Any

from dbops.domain.backups.report import BackupReport
from dbops.domain.report import Verdict
from tests.unit.samples import NOW


def report(**more: Any) -> BackupReport:
    given: dict[str, Any] = {"tables": 1, "rows": 1_200, "stored_bytes": 2048, "database_bytes": 4096, **more}
    return BackupReport(
        target="shop",
        started=NOW,
        finished=NOW,
        backup_id="20261122T020000Z",
        location="s3://vault/shop/",
        seconds=90.0,
        **given,
    )


def test_it_says_how_much_was_stored_of_how_much_in_which_time_and_where() -> None:
    assert report().markdown() == (
        "Backup **20261122T020000Z** of shop: 1 table, 1,200 rows, 2.0 KiB stored of 4.0 KiB on the server, in 1m 30s."
        "\n\nIt is stored in `s3://vault/shop/`."
    )


def test_what_is_odd_is_a_warning_and_what_is_worth_knowing_is_none() -> None:
    assert (report().verdict, report(notes=("A note.",)).verdict) == (Verdict.OK, Verdict.OK)
    odd = report(notes=("A note.", "Another."), warnings=("It shrank.", "It is odd."))
    assert odd.verdict is Verdict.WARNING
    assert odd.markdown().endswith("`s3://vault/shop/`.\n\nA note.\n\nAnother.\n\n- It shrank.\n- It is odd.")
