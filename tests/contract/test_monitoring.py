"""What deploy/monitoring/ draws and alerts on is what is sent; the mapping makes one of both ways to send it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from dbops.domain.watch.gauges import Gauge
from tests.gauges import every_gauge

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/monitoring"
MAPPING = yaml.safe_load((FOLDER / "statsd-mapping.yaml").read_text())
RULES = yaml.safe_load((FOLDER / "prometheus-rules.yaml").read_text())
PROOF = (FOLDER / "prometheus-rules-test.yaml").read_text()
DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text())

Metric = tuple[str, tuple[tuple[str, str], ...]]


def mapped(sent: str, tags: dict[str, str]) -> Metric | None:
    """What statsd_exporter makes of a name: the first rule that matches, a * being all between two dots."""
    for rule in MAPPING["mappings"]:
        pattern = re.escape(rule["match"]).replace(r"\*", "([^.]+)")
        found = re.fullmatch(pattern, sent)
        if found:
            labels = {key: _filled(value, found) for key, value in rule.get("labels", {}).items()}
            return _filled(rule["name"], found), tuple(sorted({**tags, **labels}.items()))
    return None


def _filled(text: str, found: re.Match[str]) -> str:
    return re.sub(r"\$\{?(\d)\}?", lambda number: found[int(number[1])], text)


def as_opentelemetry_has_it(gauge: Gauge) -> Metric:
    """Prometheus' own rule for names with dots."""
    return f"airflow.{gauge.name}".replace(".", "_"), tuple(sorted(gauge.tags.items()))


METRICS = {as_opentelemetry_has_it(gauge)[0]: set(gauge.tags) for gauge in every_gauge()}


def rules() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return list(DASHBOARD["panels"])


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for asked in panel.get("targets", ()):
            yield panel["title"], asked["expr"]


def selectors(expression: str) -> list[tuple[str, set[str]]]:
    """The metrics of an expression, each with the labels that it is chosen by; raises ValueError where it is none."""
    promql_parser.parse(expression)
    found = re.findall(r"\b(airflow_\w+)(\{[^}]*\})?", expression)
    return [(name, set(re.findall(r"(\w+)=", chosen))) for name, chosen in found]


@pytest.mark.parametrize("gauge", every_gauge(), ids=lambda gauge: gauge.dotted)
def test_whatever_way_a_gauge_is_sent_prometheus_has_the_same_of_it(gauge: Gauge) -> None:
    expected = as_opentelemetry_has_it(gauge)
    assert mapped(f"airflow.{gauge.dotted}", {}) == expected
    assert mapped(f"airflow.{gauge.name}", gauge.tags) == expected


def test_the_mapping_takes_nothing_of_airflows_own() -> None:
    assert mapped("airflow.scheduler.heartbeat", {}) is None
    assert mapped("airflow.dag.backup__shop.back_up.duration", {}) is None


def test_what_is_no_longer_sent_is_forgotten_after_the_watch_would_have_sent_it_twice() -> None:
    assert {rule["ttl"] for rule in MAPPING["mappings"]} == {"3h"}
    assert all(f"[{rule['ttl']}]" in expr for rule in MAPPING["mappings"] for _, expr in expressions())


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_expression_is_promql_over_metrics_that_are_sent_and_labels_that_they_have(
    where: str, expression: str
) -> None:
    found = selectors(expression)
    assert found, where
    for name, labels in found:
        assert name in METRICS, where
        assert labels <= METRICS[name], where
    for clause in re.findall(r"\b(?:on|by) \(([^)]*)\)", expression):
        joined = {label.strip() for label in clause.split(",")}
        assert all(joined <= METRICS[name] for name, _ in found), where


def test_every_metric_is_drawn_or_alerted_on() -> None:
    used = {name for _, expression in expressions() for name, _ in selectors(expression)}
    left = METRICS.keys() - used
    assert left == {"airflow_dbops_check_rules_passed", "airflow_dbops_probe_operations"}, "only the well ones are not"


def test_every_rule_says_how_bad_what_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["alert"].startswith("Dbops")
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}
        told = " ".join(rule["annotations"].values())
        known = {label for name, _ in selectors(rule["expr"]) for label in METRICS[name]}
        assert set(re.findall(r"\$labels\.(\w+)", told)) <= known, rule["alert"]
        assert re.fullmatch(r"\d+[mhd]", rule.get("for", "0m"))


def test_prometheus_own_proof_has_a_case_of_every_rule() -> None:
    for rule in rules():
        assert f'alertname="{rule["alert"]}"' in PROOF, rule["alert"]


def test_the_alerts_that_the_issue_asks_for_are_there() -> None:
    assert {"DbopsBackupLate", "DbopsChecksFailed", "DbopsUndrilled", "DbopsWatchSilent"} <= {
        rule["alert"] for rule in rules()
    }


def test_the_dashboard_asks_whichever_prometheus_is_chosen_and_shows_the_chosen_targets() -> None:
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert set(variables) == {"datasource", "target"}
    [asked] = re.findall(r"^label_values\((\w+), target\)$", variables["target"]["definition"])
    assert METRICS[asked] == {"target"}
    for panel in panels():
        if panel["type"] == "row":
            continue
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["description"], panel["title"]
        for asked in panel["targets"]:
            for name, labels in selectors(asked["expr"]):
                assert not METRICS[name] or "target" in labels, panel["title"]


def test_no_panel_lies_over_another() -> None:
    taken: set[tuple[int, int]] = set()
    numbers = [panel["id"] for panel in panels()]
    assert len(numbers) == len(set(numbers))
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_table_has_a_name_for_each_of_its_columns() -> None:
    [table] = [panel for panel in panels() if panel["type"] == "table"]
    [organize] = [one["options"] for one in table["transformations"] if one["id"] == "organize"]
    asked = {f"Value #{one['refId']}" for one in table["targets"]}
    assert organize["renameByName"].keys() == {"target", *asked}
    assert {one["matcher"]["options"] for one in table["fieldConfig"]["overrides"]} == set(
        organize["renameByName"].values()
    ) - {"Target"}
