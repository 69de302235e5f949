"""The alert mail: two parts that say the same, headers that nobody can smuggle anything into."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from dbops.domain.alerts.alert import Alert, Severity
from dbops.gateways.alerting.alert_mail import alert_mail
from tests.mail_text import text_of

_TEMPLATES = Path(__file__).parents[4] / "include" / "email"
_LINK = "https://airflow.example.com/dags/backup__shop/runs/a%2Bb/tasks/back_up?try_number=3&x=1"
_ALERT = Alert(
    severity=Severity.FAILED,
    job="backup",
    target="shop",
    environment="production",
    headline="The database at db:5432 cannot be reached.",
    remedy="Look whether it runs.",
    details=("It was there an hour ago.",),
    facts=(("Run", "scheduled__2026-11-22T02:00:00+00:00"), ("Attempt", "3 of 3")),
    link=_LINK,
)


def _mail(alert: Alert = _ALERT, sender: str = "dbops@example.com", templates: Path = _TEMPLATES) -> EmailMessage:
    """The mail as it comes out at the other end."""
    sent = datetime(2026, 11, 22, 2, 11, tzinfo=UTC)
    written = alert_mail(
        alert, sender=sender, recipients=["a@example.com", "b@example.com"], sent=sent, templates=templates
    )
    return message_from_bytes(bytes(written), policy=policy.default)


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_has_a_plain_and_an_html_part_in_that_order() -> None:
    mail = _mail()
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_each_part_alone_says_everything(kind: str) -> None:
    text = text_of(_mail(), kind)
    text = _Page(text).text if kind == "html" else text
    for words in (
        "FAILED", "shop", "production", "The database at db:5432 cannot be reached.", "Look whether it runs.",
        "It was there an hour ago.", "scheduled__2026-11-22T02:00:00+00:00", "3 of 3", "2026-11-22 02:11 UTC",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_what_a_yes_does_stands_right_below_the_headline(kind: str) -> None:
    stake = (("Rows lost", "12 rows <i>in</i> 1 table"), ("To go back", " ".join(["two renames"] * 9)))
    text = text_of(_mail(replace(_ALERT, stake=stake)), kind)
    text = _Page(text).text if kind == "html" else text
    assert text.index("cannot be reached") < text.index("Rows lost") < text.index("It was there an hour ago.")
    assert "12 rows <i>in</i> 1 table" in text
    if kind == "plain":
        assert "\n\nRows lost      12 rows <i>in</i> 1 table\nTo go back     two renames two" in text
        assert "\n               two renames" in text, "a long one goes on below itself"


def test_the_link_arrives_whole_in_both_parts() -> None:
    mail = _mail()
    assert _LINK in text_of(mail, "plain").splitlines()
    assert _Page(text_of(mail, "html")).links == [_LINK]


def test_the_way_to_the_page_arrives_whole_in_both_parts_below_the_link() -> None:
    page = "https://airflow.example.com/database_ops/targets/shop/checks/20261122T040000Z"
    mail = _mail(replace(_ALERT, page=page))
    assert f"\nDATABASE OPS\n{page}\n" in text_of(mail, "plain")
    assert _Page(text_of(mail, "html")).links == [_LINK, page]
    assert _Page(text_of(_mail(replace(_ALERT, page=page, link=None)), "html")).links == [page]


def test_the_link_says_where_it_leads() -> None:
    mail = _mail(replace(_ALERT, link_to="question"))
    assert "QUESTION\n" + _LINK in text_of(mail, "plain").replace("\r\n", "\n")
    assert "Open the question" in _Page(text_of(mail, "html")).text
    assert "Open the log" in _Page(text_of(_mail(), "html")).text


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_is_the_first_word_of_the_subject_and_has_its_colour(severity: Severity) -> None:
    mail = _mail(replace(_ALERT, severity=severity))
    assert mail["Subject"] == f"[dbops] {severity} backup of shop (production)"
    assert re.search(r"background-color:#[0-9a-f]{6};\">&nbsp;", text_of(mail, "html"))


def test_its_headers_say_who_when_and_that_nobody_reads_an_answer() -> None:
    mail = _mail()
    assert mail["Subject"] == "[dbops] FAILED backup of shop (production)"
    assert mail["From"] == "dbops@example.com"
    assert [address.addr_spec for address in mail["To"].addresses] == ["a@example.com", "b@example.com"]
    assert mail["Date"].datetime == datetime(2026, 11, 22, 2, 11, tzinfo=UTC)
    assert re.fullmatch(r"<[^@>]+@example\.com>", mail["Message-ID"])
    assert mail["Auto-Submitted"] == "auto-generated"


def test_two_mails_never_share_a_message_id() -> None:
    assert _mail()["Message-ID"] != _mail()["Message-ID"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_a_line_break_in_a_name_begins_no_other_header(line_break: str) -> None:
    evil = Alert(severity=Severity.FAILED, job="backup", target=f"shop{line_break}Bcc: evil@example.com", headline="x")
    mail = _mail(evil, sender=f"dbops@example.com{line_break}Cc: evil@example.com")
    assert mail["Bcc"] is None
    assert mail["Cc"] is None
    assert mail["Subject"] == "[dbops] FAILED backup of shop Bcc: evil@example.com"


def test_markup_in_an_error_text_is_shown_and_not_obeyed() -> None:
    html = text_of(_mail(Alert(severity=Severity.FAILED, job="backup", headline="<script>1 & 2</script>")), "html")
    page = _Page(html)
    assert "script" not in page.tags
    assert "<script>1 & 2</script>" in page.text


def test_the_plain_part_is_not_escaped() -> None:
    plain = text_of(_mail(Alert(severity=Severity.FAILED, job="backup", headline='1 < 2 & it\'s "so"')), "plain")
    assert '1 < 2 & it\'s "so"' in plain


def test_code_below_a_detail_is_a_block_of_its_own_that_nothing_wraps_in_the_plain_part() -> None:
    sql = f"ALTER TABLE a ADD CONSTRAINT {'b' * 80} CHECK (c < 1) NOT VALID;\nALTER TABLE a VALIDATE CONSTRAINT b;"
    mail = _mail(replace(_ALERT, details=("It is missing.", f"It is missing. To put it right:\n{sql}")))
    html = text_of(mail, "html")
    assert html.count("<pre") == 1
    block = html.partition("<pre")[2].partition(">")[2].partition("</pre>")[0]
    assert block.replace("&lt;", "<").replace("\r\n", "\n") == sql
    plain = text_of(mail, "plain").replace("\r\n", "\n")
    assert "- It is missing. To put it right:\n  " + sql.replace("\n", "\n  ") + "\n" in plain


def test_what_is_well_again_stands_apart_from_what_is_bad() -> None:
    mail = _mail(replace(_ALERT, well_again=("the index i", "the rule r")))
    plain = text_of(mail, "plain").replace("\r\n", "\n")
    assert "- It was there an hour ago.\n\nWELL AGAIN\n- the index i\n- the rule r\n\nWHAT TO DO\n" in re.sub(
        r"\n{2,}", "\n\n", plain
    )
    bad, _, well = text_of(mail, "html").partition("Well again</p>")
    assert "It was there an hour ago." in bad
    assert "the index i</li>" in well


def test_words_of_any_language_arrive_and_no_line_is_too_long_for_a_mail_server() -> None:
    alert = Alert(severity=Severity.WARNING, job="backup", headline="Größe ist 数 " + "x" * 3000)
    written = bytes(_mail(alert))
    assert all(len(line) <= 998 for line in written.splitlines())
    assert "Größe ist 数" in text_of(_mail(alert), "html")


def test_what_an_alert_does_not_have_leaves_no_heading_behind() -> None:
    mail = _mail(Alert(severity=Severity.WARNING, job="watch", headline="Only this."))
    for kind in ("plain", "html"):
        text = text_of(mail, kind).lower()
        assert "what to do" not in text
        assert "open the log" not in text
        assert "database ops" not in text
        assert "facts" not in text


def test_it_loads_nothing_from_anywhere() -> None:
    html = text_of(_mail(), "html")
    assert not {"img", "link", "script", "style", "iframe"} & _Page(html).tags
    assert "url(" not in html


def test_a_template_that_names_what_does_not_exist_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "alert.txt.j2").write_text("{{ alert.typo }}")
    (tmp_path / "alert.html.j2").write_text("x")
    with pytest.raises(UndefinedError, match="typo"):
        _mail(templates=tmp_path)
