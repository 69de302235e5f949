"""A picture in the alert mail: shown where the HTML is, absent from the plain text, and no trace of it without one."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.picture import Picture
from dbops.gateways.alerting.alert_mail import alert_mail
from tests.mail_text import text_of

_ROOT = Path(__file__).parents[4]
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
_PICTURE = Picture(png=_PNG, alt='3 of 16 <b>"probes"</b>')
_ALERT = Alert(
    severity=Severity.FAILED,
    job="backup",
    target="shop",
    environment="production",
    headline="The database at db:5432 cannot be reached.",
    remedy="Look whether it runs.",
    details=("It was there an hour ago.",),
    facts=(("Run", "scheduled__2026-11-22T02:00:00+00:00"), ("Attempt", "3 of 3")),
    link="https://airflow.example.com/dags/backup__shop/runs/a%2Bb/tasks/back_up?try_number=3&x=1",
)


def _mail(picture: Picture | None) -> EmailMessage:
    written = alert_mail(
        _ALERT,
        sender="dbops@example.com",
        recipients=["a@example.com"],
        sent=datetime(2026, 11, 22, 2, 11, tzinfo=UTC),
        templates=_ROOT / "include" / "email",
        picture=picture,
    )
    return message_from_bytes(bytes(written), policy=policy.default)


def _shape(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


def test_the_html_and_its_picture_are_one_alternative_to_the_plain_text() -> None:
    assert _shape(_mail(_PICTURE)) == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip


def test_the_html_shows_the_picture_that_came_with_it_byte_for_byte() -> None:
    mail = _mail(_PICTURE)
    image = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert image.get_content() == _PNG
    assert image.get_content_disposition() == "inline"
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in text_of(mail, "html")


def test_it_is_as_wide_as_the_card_also_in_a_program_that_knows_no_css() -> None:
    html = text_of(_mail(_PICTURE), "html")
    assert 'width="536"' in html
    assert "max-width:536px" in html


def test_whoever_sees_no_pictures_reads_what_it_shows() -> None:
    assert 'alt="3 of 16 &lt;b&gt;&#34;probes&#34;&lt;/b&gt;"' in text_of(_mail(_PICTURE), "html")


def test_the_plain_text_is_the_same_with_it_and_without() -> None:
    assert text_of(_mail(_PICTURE), "plain") == text_of(_mail(None), "plain")


@pytest.mark.parametrize(("kind", "file"), [("plain", "alert.txt"), ("html", "alert.html")])
def test_a_mail_without_a_picture_is_what_it_always_was(kind: str, file: str) -> None:
    mail = _mail(None)
    assert _shape(mail) == ["multipart/alternative", "text/plain", "text/html"]
    assert text_of(mail, kind) == (_ROOT / "tests/testdata/mail" / file).read_text()


def test_no_two_mails_share_a_content_id() -> None:
    ids = {part["Content-ID"] for _ in range(2) for part in _mail(_PICTURE).walk() if part["Content-ID"]}
    assert len(ids) == 2


def test_the_bytes_of_a_picture_are_in_no_repr() -> None:
    assert "PNG" not in repr(_PICTURE)
