"""A notifier is made of any class that derives from Airflow's own; what cannot be made is said, without its secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbops.domain.alerts.notifier import Notifier
from dbops.errors import InvalidRequest

_MODULE = """
import threading
from airflow.sdk import BaseNotifier

class Pager(BaseNotifier):
    template_fields = ("payload",)
    def __init__(self, *, payload=None, **kwargs):
        super().__init__(**kwargs)
        self.payload = payload
    def notify(self, context):
        Pager.said = self.payload

class Refuses(BaseNotifier):
    def __init__(self, *, payload=None):
        raise ValueError(f"not with {payload}")

class Hangs(BaseNotifier):
    def __init__(self, *, payload=None):
        threading.Event().wait()

class Stranger:
    def __init__(self, *, payload=None): ...
"""


@pytest.fixture
def pagers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of one's own on the path, as in plugins/."""
    name = f"pagers_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(_MODULE)
    (tmp_path / f"broken_{name}.py").write_text("raise RuntimeError('hunter2')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def _notifier(path: str, **keywords: Any) -> Notifier:
    return Notifier(name="oncall", class_path=path, keywords=keywords, line=7, lines={})


def test_a_class_of_ones_own_is_made_and_each_alert_has_its_own_words(pagers: str) -> None:
    from dbops_airflow.notifier_classes import build

    notifier = _notifier(f"{pagers}.Pager", payload={"text": "{{ alert.headline }}"})
    for words in ("first", "second"):
        made: Any = build(notifier)
        made({"alert": {"headline": words}})
        assert type(made).said == {"text": words}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("{}.Stranger", "Stranger is not an Airflow notifier"),
        ("{}.Absent", "has no Absent"),
        ("{}.Refuses", "refuses its keywords with ValueError"),
        ("broken_{}.Pager", "RuntimeError while importing it"),
        ("{}.absent.Pager", "there is no module"),
    ],
)
def test_what_cannot_be_made_is_said_without_repeating_a_value(pagers: str, path: str, words: str) -> None:
    from dbops_airflow.notifier_classes import build

    with pytest.raises(InvalidRequest) as refused:
        build(_notifier(path.format(pagers), payload="hunter2"))
    assert words in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_one_that_never_comes_to_an_end_is_a_fault_and_holds_up_nobody(
    pagers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow import notifier_classes

    monkeypatch.setattr(notifier_classes, "_PATIENCE_SECONDS", 5.0)  # the other one has to be made within it
    faults = notifier_classes.class_faults([_notifier(f"{pagers}.Hangs"), _notifier(f"{pagers}.Pager")])
    assert [(fault.path, fault.line) for fault in faults] == [("notifiers.yaml", 7)]
    assert "was not created within" in faults[0].sentence
