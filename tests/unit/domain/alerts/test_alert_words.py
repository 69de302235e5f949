"""What chats and pagers are told of an alert: short, whole, and the same key for the same thing."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.words import alert_words

_ALERT = Alert(
    severity=Severity.FAILED,
    job="backup",
    target="shop",
    environment="production",
    headline="The server does not answer.",
    remedy="See whether it runs.",
    details=("One.", "Two."),
    facts=(("Run", "r1"),),
    link="https://airflow.example.com/log",
)


def test_the_text_says_what_happened_what_to_do_and_where_to_look() -> None:
    assert alert_words(_ALERT)["text"] == (
        "The server does not answer.\n- One.\n- Two.\nWhat to do: See whether it runs.\nhttps://airflow.example.com/log"
    )


def test_what_a_yes_does_is_told_before_all_else_and_is_among_the_facts() -> None:
    words = alert_words(replace(_ALERT, stake=(("Rows lost", "12 rows"),)))
    assert "The server does not answer.\nRows lost: 12 rows\n- One.\n" in str(words["text"])
    assert words["facts"] == {"Rows lost": "12 rows", "Run": "r1"}


def test_what_is_well_again_is_told_last_of_the_details() -> None:
    words = alert_words(replace(_ALERT, well_again=("the rule r",)))
    assert words["details"] == "One.\nTwo.\nWell again: the rule r."
    assert "- Two.\n- Well again: the rule r.\n" in str(words["text"])


def test_a_long_text_is_cut_before_the_link_and_says_how_much_is_left_out() -> None:
    alert = Alert(
        severity=Severity.FAILED,
        job="check",
        headline="x" * 2000,
        details=tuple("abcdefg"),
        link="https://airflow.example.com/log",
    )
    text = str(alert_words(alert)["text"])
    assert len(text) < 1600
    assert text.endswith(" …\nhttps://airflow.example.com/log")
    short = Alert(severity=Severity.FAILED, job="check", headline="x", details=tuple("abcdefg"))
    assert "- e\n- 2 more, see the log." in str(alert_words(short)["text"])


def test_nothing_is_none_where_a_template_would_write_it() -> None:
    words = alert_words(Alert(severity=Severity.MISSING, job="reading of include/targets", headline="It is not there."))
    assert words["target"] == words["environment"] == words["link"] == words["remedy"] == ""
    assert words["facts"] == {}
    assert words["text"] == "It is not there."


def test_what_closes_an_alert_has_the_key_of_what_opened_it() -> None:
    recovered = Alert(severity=Severity.RECOVERED, job="backup", target="shop", headline="It is well.")
    assert alert_words(recovered)["key"] == alert_words(_ALERT)["key"] == "dbops/shop/backup"
    assert alert_words(Alert(severity=Severity.FAILED, job="watch", headline=""))["key"] == "dbops/-/watch"


def test_a_notifier_may_lead_to_the_page() -> None:
    page = "https://airflow.example.com/database_ops/targets/shop"
    assert alert_words(replace(_ALERT, page=page))["page"] == page
    assert alert_words(_ALERT)["page"] == ""


def test_a_template_has_a_word_for_everything_that_an_alert_says() -> None:
    words = alert_words(_ALERT)

    assert {name: words[name] for name in words if name not in {"text", "details"}} == {
        "subject": "[dbops] FAILED backup of shop (production)",
        "severity": "FAILED",
        "job": "backup",
        "target": "shop",
        "environment": "production",
        "headline": "The server does not answer.",
        "remedy": "See whether it runs.",
        "link": "https://airflow.example.com/log",
        "page": "",
        "facts": {"Run": "r1"},
        "key": "dbops/shop/backup",
    }
    assert alert_words(replace(_ALERT, job="reading of targets", target=None))["key"] == "dbops/-/reading_of_targets"


def test_five_details_are_told_and_one_more_is_counted() -> None:
    five, six = (str(alert_words(replace(_ALERT, details=tuple(letters)))["text"]) for letters in ("abcde", "abcdef"))

    assert "- e\nWhat to do" in five
    assert "- e\n- 1 more, see the log.\nWhat to do" in six


def test_a_text_of_fifteen_hundred_characters_is_whole() -> None:
    def text(length: int) -> str:
        alert = Alert(severity=Severity.FAILED, job="check", headline="x" * length)
        return str(alert_words(alert)["text"])

    assert text(1500) == "x" * 1500
    assert text(1501) == "x" * 1498 + " …"
