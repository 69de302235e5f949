"""docs/retention.md shows what the code does, not what somebody remembers of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.retention import Hold, RetentionPolicy, plan_retention

PAGE = (Path(__file__).parents[4] / "docs" / "retention.md").read_text(encoding="utf-8")

BACKUPS = [
    BackupId(text)
    for text in (
        "20261127T020000Z",
        "20261122T020000Z",
        "20261121T020000Z",
        "20261121T010000Z",
        "20261120T020000Z",
        "20261119T020000Z",
        "20261118T020000Z",
        "20261115T020000Z",
        "20261031T231500Z",
        "20261031T020000Z",
        "20261001T020000Z",
        "20260214T020000Z",
        "20251231T020000Z",
    )
]
FAILED = {
    BackupId("20261120T020000Z"): datetime(2026, 11, 20, 5, 10, tzinfo=UTC),
    BackupId("20261001T020000Z"): datetime(2026, 10, 1, 5, 10, tzinfo=UTC),
}
PROVEN = [BackupId("20261118T020000Z"), BackupId("20261115T020000Z")]
HOLD = Hold(BackupId("20260214T020000Z"), datetime(2027, 3, 1, tzinfo=UTC), "evidence for the auditor", "alice")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_example_is_what_the_code_answers() -> None:
    settings = yaml.safe_load(PAGE.split("```yaml")[1].split("```")[0])
    shown = PAGE.split("test_retention_page.py -->")[1].split("<!-- end of the example")[0].strip()
    plan = plan_retention(
        BACKUPS,
        [HOLD],
        RetentionPolicy.model_validate(settings["retention"]),
        NOW,
        ZoneInfo(settings["timezone"]),
        failed=FAILED,
        doubtful=(),
        proven=PROVEN,
    )
    assert shown == plan.markdown()


def test_the_text_around_the_example_names_its_facts() -> None:
    assert f"has {len(BACKUPS)} backups on {NOW:%Y-%m-%d} at {NOW:%H:%M} UTC" in PAGE
    (recent, verdict), (old, _) = FAILED.items()
    assert f"Of {recent} the drill on {verdict:%Y-%m-%d at %H:%M} said that it cannot be used" in PAGE
    assert f"A drill proved {PROVEN[0]} to be good" in PAGE
    assert f"that of {old} said so in October; alice holds {HOLD.backup_id}" in PAGE


def test_the_table_of_rules_shows_every_rule_with_its_default() -> None:
    shown = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE, re.MULTILINE))
    assert shown == {rule: str(value) for rule, value in RetentionPolicy().model_dump(mode="json").items()}
