"""docs/alerts.md has every first word that a mail's subject can have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jinja2.sandbox import SandboxedEnvironment

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.words import alert_words

PAGE = (Path(__file__).parents[2] / "docs/alerts.md").read_text()


def test_every_severity_is_a_row_of_the_table_and_sorted_by_urgency_below_it() -> None:
    rows = set(re.findall(r"^\| `\[dbops\] ([A-Z ]+) [a-z]", PAGE, re.MULTILINE))
    explained = set(re.findall(r"\*\*([A-Z ]+)\*\*", PAGE))
    assert rows == set(Severity)
    assert explained == set(Severity)


@pytest.mark.parametrize("severity", Severity)
def test_the_pager_of_the_example_is_opened_by_what_is_bad_and_closed_by_what_is_well_again(severity: Severity) -> None:
    [example] = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "PagerdutyNotifier" in text]
    action = SandboxedEnvironment().from_string(yaml.safe_load(example)["oncall"]["action"])
    alert = Alert(severity=severity, job="check", target="shop", headline="Something happened.")
    said = action.render(alert=alert_words(alert))
    assert said == ("resolve" if severity in {Severity.RECOVERED, Severity.DONE} else "trigger")
