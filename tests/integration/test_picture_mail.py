"""A mail with a chart reaches a real mail server, and comes out of it as it went in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.probes.picture import probe_picture
from dbops.gateways.alerting.alert_mail import alert_mail
from dbops.gateways.alerting.mailbox import SmtpMailbox
from dbops.gateways.probe_charts import overview_chart
from tests.probing_runs import bad_week, weeks
from tests.servers import catching_mail

ROOT = Path(__file__).parents[2]


def test_a_chart_arrives_by_smtp_and_the_html_finds_it(tmp_path: Path) -> None:
    png = overview_chart(bad_week(), weeks(12))
    message = alert_mail(
        Alert(severity=Severity.WARNING, job="probe", target="summary_app", headline="3 of 16 probes are not well."),
        sender="dbops@example.com",
        recipients=["dba@example.com"],
        sent=datetime(2026, 11, 22, 5, 3, tzinfo=UTC),
        templates=ROOT / "include/email",
        picture=probe_picture(bad_week(), png),
    )
    with catching_mail(tmp_path) as post:
        SmtpMailbox("127.0.0.1", post.port, encryption="none").send(message)
        (arrived,) = post.messages()
    image = next(part for part in arrived.walk() if part.get_content_type() == "image/png")
    html = arrived.get_body(("html",))
    assert image.get_content() == png
    assert html is not None
    assert 'alt="3 of 16 probes are not well: the p95' in html.get_content()
    assert f"cid:{image['Content-ID'].strip('<>')}" in html.get_content()
    assert all(len(line) <= 998 for line in bytes(message).splitlines())
