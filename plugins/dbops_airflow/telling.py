"""Telling: an alert on its way to people, by mail and by every notifier of its audience. Nothing in here ever raises.

None of the ways stands in another's: the notifiers are called beside each other while the mail is handed over.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dbops.domain.alerts.audience import Audience
from dbops.domain.alerts.notifier_name import MAIL
from dbops.errors import DbopsError
from dbops.gateways.clock import utc_now
from dbops_airflow import connections
from dbops_airflow.links import page_url
from dbops_airflow.notifying import Notifying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbops.domain.alerts.alert import Alert
    from dbops.domain.alerts.picture import Picture

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """What became of an alert. ``mailed`` is None where nobody was to be mailed.

    ``taken`` are the notifiers that took it, ``refused`` those that did not.
    """

    mailed: bool | None
    taken: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def has_reached_somebody(self) -> bool:
        """Whether anybody knows now."""
        return bool(self.mailed or self.taken)

    @property
    def is_done(self) -> bool:
        """Whether it need not be tried again: it was mailed; or, where nobody is mailed, some notifier took it.

        A notifier alone that refuses leaves it done: trying again would mail people the same once more.
        """
        return self.has_reached_somebody if self.mailed is None else self.mailed


def tell(
    alert: Alert,
    audience: Audience,
    context: Mapping[str, Any],
    picture: Picture | None = None,
    *,
    is_mailed_again: bool = False,
) -> Told:
    """Tell everybody of an audience; where one way fails, the log says so, and what people would have been told.

    Where the alert leads to no page, that of its target is where people look on.
    What was not taken is kept for the watch; a mail is not where ``is_mailed_again``: the caller sees to it.
    """
    alert = replace(alert, page=alert.page or page_url(alert.target))
    unsent = f"{alert.subject} - {alert.headline} {alert.remedy}"
    if not audience:
        log.warning("Nobody is notified (no alerts: recipients:, no notify:): %s", unsent)
        return Told(None)
    notifying = Notifying.of(alert, audience.notify, context)
    refusal = _refusal(alert, audience.recipients, picture, unsent) if audience.recipients else None
    mailed = refusal is None if audience.recipients else None
    refused = notifying.end()
    for name, why in refused.items():
        log.error("NOT NOTIFIED. %s: %s The alert was: %s", name, why, unsent)
    if notifying.taken:
        log.info("Notified %s of %s", ", ".join(notifying.taken), alert.subject)
    notifying.keep(refused if refusal is None or is_mailed_again else {MAIL: refusal, **refused})
    return Told(mailed, notifying.taken, tuple(refused))


def _refusal(alert: Alert, recipients: Sequence[str], picture: Picture | None, unsent: str) -> str | None:
    """Mail it; why it was not taken where it was not."""
    try:
        _send(alert, recipients, picture)
    except DbopsError as error:
        log.error("NOT MAILED. %s The alert was: %s", error, unsent)  # noqa: TRY400 - a sentence, not a traceback
        return str(error)
    except Exception as error:
        log.exception("NOT MAILED, which is a bug in dbops or in its e-mail templates. The alert was: %s", unsent)
        return f"It failed with {type(error).__name__}; see the log."
    log.info("Mailed %s to %s", alert.subject, ", ".join(recipients))
    return None


def _send(alert: Alert, recipients: Sequence[str], picture: Picture | None) -> None:
    from dbops.gateways.alerting.alert_mail import alert_mail
    from dbops.gateways.files.shipped import shipped
    from dbops.gateways.files.target_files import include_folder

    server, sender = connections.mailbox()
    templates = shipped(include_folder(), "email")
    server.send(
        alert_mail(alert, sender=sender, recipients=recipients, sent=utc_now(), templates=templates, picture=picture)
    )
