"""A picture that a job hands over is in the mail that Airflow's connection sends."""

from __future__ import annotations

import pytest

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.audience import Audience
from dbops.domain.alerts.picture import Picture
from tests.servers import CaughtMail

_ALERT = Alert(severity=Severity.WARNING, job="probe", target="shop", headline="One of two probes is not well.")


@pytest.mark.usefixtures("environment_secrets")
@pytest.mark.parametrize("picture", [None, Picture(png=b"\x89PNG", alt="two bars")], ids=["without", "with"])
def test_an_alert_is_mailed_with_the_picture_it_was_given_and_without_one_otherwise(
    picture: Picture | None, mail: CaughtMail
) -> None:
    from dbops_airflow.telling import tell

    assert tell(_ALERT, Audience(("dba@example.com",)), {}, picture).is_done
    [message] = mail.messages()
    shown = [part.get_content() for part in message.walk() if part.get_content_type() == "image/png"]
    assert shown == ([picture.png] if picture else [])
