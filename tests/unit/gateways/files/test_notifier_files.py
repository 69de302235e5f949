"""A notifier that is described badly is named by file and line, takes down nothing else, and holds no credential."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.domain.alerts.alert import Severity
from dbops.domain.fault import Fault
from dbops.gateways.files.notifier_files import notifier_faults, read_notifiers
from dbops.gateways.files.target_files import read_targets

_GOOD = """\
oncall:
  class: airflow.providers.http.notifications.http.HttpNotifier
  only: [failed, break_glass]
  http_conn_id: pager
  json: {text: "{{ alert.text }}"}
"""


@pytest.fixture
def include(tmp_path: Path) -> Path:
    (tmp_path / "targets").mkdir()
    return tmp_path


def _write(include: Path, text: str) -> None:
    (include / "notifiers.yaml").write_text(text, encoding="utf-8")


def _target(include: Path, alerts: str, defaults: str = "storage: {bucket: backups}\n") -> None:
    (include / "targets/shop.yaml").write_text(f"connection: shop\n{alerts}", encoding="utf-8")
    (include / "defaults.yaml").write_text(defaults, encoding="utf-8")


def _faults(include: Path) -> list[Fault]:
    return list(notifier_faults(include, read_targets(include).targets.values(), read_notifiers(include)))


def test_without_the_file_there_are_no_notifiers_and_no_faults(include: Path) -> None:
    assert read_notifiers(include).notifiers == {}
    assert read_notifiers(include).faults == ()


def test_a_notifier_has_a_class_keywords_and_the_severities_it_hears_of(include: Path) -> None:
    _write(include, _GOOD)
    [notifier] = read_notifiers(include).notifiers.values()
    assert notifier.name == "oncall"
    assert notifier.class_path == "airflow.providers.http.notifications.http.HttpNotifier"
    assert notifier.keywords == {"http_conn_id": "pager", "json": {"text": "{{ alert.text }}"}}
    assert notifier.only == {Severity.FAILED, Severity.BREAK_GLASS}
    assert (notifier.line_of("class"), notifier.line_of("json"), notifier.line_of("absent")) == (2, 5, 1)


def test_a_notifier_hears_of_everything_unless_it_says_otherwise(include: Path) -> None:
    _write(include, "oncall:\n  class: a.B\n")
    assert read_notifiers(include).notifiers["oncall"].only == set(Severity)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("oncall: a.B\n", 1, "must be a section"),
        ("oncall:\n  only: [failed]\n", 1, "has no class"),
        ("oncall:\n  class: Pager\n", 2, "must be an import path"),
        ("oncall:\n  class: [a.B]\n", 2, "must be an import path"),
        ("on-call:\n  class: a.B\n", 1, "lower-case letters"),
        ("oncall:\n  class: a.B\n  only: failed\n", 3, "must be a list"),
        ("oncall:\n  class: a.B\n  only: []\n", 3, "must be a list"),
        ("oncall:\n  class: a.B\n  only:\n  - missing\n  - faild\n", 5, 'Did you mean "failed"?'),
        ("oncall:\n  class: a.B\n  only: [{a: 1}]\n", 3, "first word"),
        ("oncall:\n  class: a.B\noncall:\n  class: a.B\n", 3, "is given twice"),
        ("- a.B\n", 1, "not a mapping"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(include: Path, text: str, line: int, words: str) -> None:
    _write(include, text)
    [fault] = read_notifiers(include).faults
    assert (fault.path, fault.line) == ("notifiers.yaml", line)
    assert words in fault.sentence


@pytest.mark.parametrize(
    "secret",
    [
        "token: xoxb-hunter2",
        "integration_key: hunter2",
        "headers: {Authorization: Basic hunter2}",
        "json: [{password: hunter2}]",
        "headers: {X-Auth: Bearer hunter2}",
        "url: https://me:hunter2@pager.example.com/",
        "endpoint: https://hooks.slack.com/services/hunter2",
    ],
)
def test_a_credential_is_refused_and_not_repeated(include: Path, secret: str) -> None:
    _write(include, f"oncall:\n  class: a.B\n  {secret}\n")
    [fault] = read_notifiers(include).faults
    assert fault.line == 3
    assert "Airflow connection" in fault.sentence
    assert "hunter2" not in str(fault)


@pytest.mark.parametrize(
    "keyword",
    [
        "slack_webhook_conn_id: slack",
        'headers: {Authorization: "Bearer {{ conn.pager.password }}"}',
        'dedup_key: "{{ alert.key }}"',
        "endpoint: https://pager.example.com/hook",
    ],
)
def test_what_leads_to_a_connection_is_no_credential(include: Path, keyword: str) -> None:
    _write(include, f"oncall:\n  class: a.B\n  {keyword}\n")
    assert read_notifiers(include).faults == ()


def test_a_bad_notifier_leaves_the_others_alone(include: Path) -> None:
    _write(include, "chat: 5\n" + _GOOD)
    files = read_notifiers(include)
    assert set(files.notifiers) == {"oncall"}
    assert len(files.faults) == 1


def test_a_name_that_nobody_describes_is_a_fault_at_its_line_and_the_target_keeps_its_backups(include: Path) -> None:
    _write(include, _GOOD)
    _target(include, "alerts:\n  notify:\n  - oncall\n  - oncal\n")
    [fault] = _faults(include)
    assert (fault.path, fault.line) == ("targets/shop.yaml", 5)
    assert 'Did you mean "oncall"?' in fault.sentence
    assert set(read_targets(include).targets) == {"shop"}
    assert read_targets(include).faults == ()


def test_a_name_in_the_defaults_is_a_fault_there_and_told_once(include: Path) -> None:
    _target(include, "", defaults="storage: {bucket: backups}\nalerts:\n  notify: [oncall]\n")
    (include / "targets/blog.yaml").write_text("connection: blog\n")
    [fault] = _faults(include)
    assert (fault.path, fault.line) == ("defaults.yaml", 3)


def test_who_uses_a_notifier_that_is_at_fault_gets_no_second_fault(include: Path) -> None:
    _write(include, "oncall: 5\n")
    _target(include, "alerts: {notify: [oncall]}\n")
    assert [fault.path for fault in _faults(include)] == ["notifiers.yaml"]
    _write(include, "oncall: [\n")
    assert [fault.path for fault in _faults(include)] == ["notifiers.yaml"]


def test_a_production_target_that_notifies_somebody_needs_no_mail(include: Path) -> None:
    _target(include, "alerts: {notify: [oncall]}\n")
    assert set(read_targets(include).targets) == {"shop"}
    _target(include, "alerts: {notify: []}\n")
    [fault] = read_targets(include).faults
    assert "no alerts.notify" in fault.sentence


def test_a_name_that_no_notifier_can_have_is_a_fault_of_the_target(include: Path) -> None:
    _target(include, "alerts: {notify: [On Call]}\n")
    [fault] = read_targets(include).faults
    assert fault.line == 2
    assert "alerts.notify[1]" in fault.sentence
