"""docs/metrics.md and what is sent, and alerted on, are the same; docs/alerts.md shows notifiers that can be made."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.words import alert_words
from dbops.gateways.files.notifier_files import read_notifiers
from tests.gauges import every_gauge

ROOT = Path(__file__).parents[2]
METRICS = (ROOT / "docs/metrics.md").read_text()
ALERTS = (ROOT / "docs/alerts.md").read_text()


def test_every_metric_is_a_row_with_its_tags() -> None:
    rows = re.findall(r"^\| `(dbops\.[\w.]+)` \|([^|]*)\| [^|]+ \|$", METRICS, re.MULTILINE)
    documented = {name: tuple(re.findall(r"`(\w+)`", tags)) for name, tags in rows}
    assert len(rows) == len(documented)
    assert documented == {gauge.name: tuple(gauge.tags) for gauge in every_gauge()}


def test_every_alert_rule_is_a_row() -> None:
    rules = yaml.safe_load((ROOT / "deploy/monitoring/prometheus-rules.yaml").read_text())
    names = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert re.findall(r"^\| `(Dbops\w+)` \|", METRICS, re.MULTILINE) == names


def test_every_placeholder_of_a_notifier_is_a_row() -> None:
    rows = re.findall(r"^\| `\{\{ alert\.(\w+) \}\}` \|", ALERTS, re.MULTILINE)
    words = alert_words(Alert(severity=Severity.FAILED, job="backup", headline="It failed."))
    assert rows == list(words)


def test_the_notifiers_of_the_page_can_be_read(tmp_path: Path) -> None:
    example = re.search(r"`include/notifiers\.yaml`:\n\n```yaml\n(.*?)^```$", ALERTS, re.MULTILINE | re.DOTALL)
    assert example
    (tmp_path / "notifiers.yaml").write_text(example[1])
    read = read_notifiers(tmp_path)
    assert read.faults == ()
    assert set(read.notifiers) == {"oncall", "chat", "webhook"}
    words = alert_words(Alert(severity=Severity.FAILED, job="backup", headline="It failed."))
    assert set(re.findall(r"\{\{ alert\.(\w+)", example[1])) <= words.keys()
