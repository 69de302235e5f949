"""Promise: everybody who is to be told is told, once, by mail or by a notifier of the kind that it is for."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from dbops.domain.alerts.alert import Severity
from dbops.domain.alerts.audience import Audience
from dbops.domain.alerts.notifier import SEVERITIES, Notifier, word_of
from dbops.domain.alerts.notifier_name import NotifierName, is_notifier_name

A, B = "a@example.org", "b@example.org"


def test_several_audiences_together_are_everyone_of_them_once_in_their_order() -> None:
    both = Audience.together(iter([Audience((B, A), ("chat",)), Audience(), Audience((A,), ("pager", "chat"))]))

    assert both == Audience((B, A), ("chat", "pager"))
    assert Audience.together([]) == Audience()


@pytest.mark.parametrize(
    ("audience", "is_anybody"),
    [(Audience(), False), (Audience((A,)), True), (Audience((), ("chat",)), True), (Audience((A,), ("chat",)), True)],
)
def test_an_audience_is_somebody_where_one_person_or_one_notifier_is_in_it(
    audience: Audience, is_anybody: bool
) -> None:
    assert bool(audience) is is_anybody


def test_a_severity_is_written_in_small_letters_and_without_spaces() -> None:
    assert (word_of(Severity.FAILED), word_of(Severity.BREAK_GLASS)) == ("failed", "break_glass")
    assert {word: SEVERITIES[word] for word in SEVERITIES} == {word_of(one): one for one in Severity}


def test_a_fault_of_a_notifier_is_where_its_keyword_stands_or_else_where_it_begins() -> None:
    notifier = Notifier(name="chat", class_path="a.B", keywords={}, line=3, lines={"text": 5})

    assert (notifier.line_of("text"), notifier.line_of("color")) == (5, 3)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("chat", True),
        ("on_call_2", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("", False),
        ("2nd", False),
        ("Chat", False),
        ("_mail", False),
        ("chat\n", False),
        ("chät", False),
    ],
)
def test_a_notifier_has_a_name_of_small_letters_digits_and_underscores(name: str, is_one: bool) -> None:
    assert is_notifier_name(name) is is_one
    names = TypeAdapter(NotifierName)
    if is_one:
        assert names.validate_python(name) == name
        return
    with pytest.raises(
        ValidationError,
        match="error, a notifier is named by lower-case letters, digits and _, beginning with a letter ",
    ):
        names.validate_python(name)
