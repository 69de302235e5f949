"""What a notifier's class takes is read from its text: the modules of these tests may not even be imported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dbops.domain.alerts.notifier import Notifier

_EXPLODES = "raise RuntimeError('imported')\n"
_PLAIN = """
class Pager(BaseNotifier):
    def __init__(self, *, routing: str, text: str = "", **kwargs):
        super().__init__(**kwargs)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that explodes when it is imported."""
    folder = tmp_path / "pagers_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text(_EXPLODES)
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def _sentences(package: Path, source: str, path: str = "pagers_of_a_test.pager.Pager", **keywords: object) -> list[str]:
    from dbops_airflow.notifier_source import source_faults

    (package / "pager.py").write_text(_EXPLODES + source)
    lines = {key: number for number, key in enumerate(keywords, 3)}
    notifier = Notifier(name="oncall", class_path=path, keywords=keywords, line=1, lines={"class": 2, **lines})
    faults = source_faults([notifier])
    assert not [name for name in sys.modules if name.startswith("pagers_of_a_test")]
    return [str(fault) for fault in faults]


def test_a_class_that_takes_what_it_is_given_has_no_fault(package: Path) -> None:
    assert _sentences(package, _PLAIN, routing="a", text="b") == []


def test_a_keyword_that_it_does_not_take_is_a_fault_at_its_own_line(package: Path) -> None:
    assert _sentences(package, _PLAIN, routing="a", txet="b") == [
        'notifiers.yaml:4: oncall: Pager takes no txet. Did you mean "text"?'
    ]


def test_a_keyword_that_it_needs_is_a_fault_of_the_notifier(package: Path) -> None:
    assert _sentences(package, _PLAIN) == ["notifiers.yaml:1: oncall: Pager needs routing; write it below"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("pagers_of_a_test.pager.Pagr", 'pagers_of_a_test.pager has no Pagr. Did you mean "Pager"?'),
        ("pagers_of_a_test.absent.Pager", "there is no module pagers_of_a_test.absent here"),
        ("absent_of_a_test.pager.Pager", "there is no module absent_of_a_test here"),
    ],
)
def test_a_class_that_is_nowhere_is_a_fault_that_says_what_is_missing(package: Path, path: str, words: str) -> None:
    [sentence] = _sentences(package, _PLAIN, path=path)
    assert sentence.startswith("notifiers.yaml:2: oncall.class: ")
    assert words in sentence


@pytest.mark.parametrize(
    "source",
    [
        "class Pager(SomethingElse):\n    def __init__(self, **kwargs): ...\n",
        "class Pager(SomethingElse): ...\n",
        "from elsewhere import Pager\n",
        "Pager = make()\n",
        "if True:\n    class Pager(SomethingElse): ...\n",
        "this is no Python\n",
    ],
)
def test_where_the_text_does_not_tell_nothing_is_said(package: Path, source: str) -> None:
    assert _sentences(package, source, anything="a") == []
