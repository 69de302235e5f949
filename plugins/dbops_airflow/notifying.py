"""Notifying: an alert handed to Airflow's notifiers, each in a thread of its own, and what became of it."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from dbops.domain.alerts.words import alert_words
from dbops.errors import DbopsError
from dbops.gateways.clock import utc_now
from dbops_airflow.in_time import ends_in_time

if TYPE_CHECKING:
    from dbops.domain.alerts.alert import Alert
    from dbops.domain.alerts.notifier import Notifier

log = logging.getLogger(__name__)

# Airflow kills a failed task's process 20 s after the failure (core.task_success_overtime): importing a provider may
# take seconds of these, and what does not answer must be named in the log, and kept, before that.
_PATIENCE_SECONDS = 12.0
_KEEPING_SECONDS = 3.0
_NO_THREAD = "No thread could be started: the process or its machine has reached its limit."


class Notifying:
    """An alert under way. ``end`` waits for those that were begun, no longer than is wise."""

    def __init__(self, alert: Alert, context: Mapping[str, Any]) -> None:
        self._alert, self._context = alert, context
        self._began = time.monotonic()
        self._refused: dict[str, str] = {}
        self._threads: dict[str, threading.Thread] = {}
        self.taken: tuple[str, ...] = ()

    @classmethod
    def of(cls, alert: Alert, names: Sequence[str], context: Mapping[str, Any]) -> Self:
        """Begin to notify those of that name, as far as they want to hear of such an alert."""
        from dbops.gateways.files.notifier_files import read_notifiers
        from dbops.gateways.files.target_files import include_folder

        notifying = cls(alert, context)
        known = read_notifiers(include_folder()).notifiers if names else {}
        for name in names:
            notifier = known.get(name)
            if notifier is None:
                notifying._refused[name] = (
                    "include/notifiers.yaml does not describe it, or describes it in a way that cannot be used."
                )
            elif alert.severity in notifier.only:
                notifying._begin(notifier)
        return notifying

    def end(self) -> dict[str, str]:
        """A sentence for each that did not take the alert, by name; ``taken`` has those that did."""
        for name, thread in self._threads.items():
            thread.join(max(0.0, self._began + _PATIENCE_SECONDS - time.monotonic()))
            if thread.is_alive():
                self._refused[name] = "It did not answer in time."
        refused = dict(self._refused)
        self.taken = tuple(name for name in self._threads if name not in refused)
        return refused

    def keep(self, refused: Mapping[str, str]) -> None:
        """Keep for the watch what did not take the alert, and why: beside the backups, where every worker may write.

        Where the store does not answer, which may be what the alert is about, nobody waits for it.
        """
        target = self._alert.target
        if not refused or target is None:
            return
        try:
            if not ends_in_time(lambda: self._keep(target, refused), _KEEPING_SECONDS, "keep"):
                log.warning("The watch will not know whether this was delivered: the store does not answer.")
        except RuntimeError:
            log.warning("The watch will not know whether this was delivered. %s", _NO_THREAD)

    def _begin(self, notifier: Notifier) -> None:
        # A daemon: what hangs must not keep its task's process alive.
        thread = threading.Thread(target=self._notify, args=(notifier,), name=f"notify {notifier.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._refused[notifier.name] = _NO_THREAD
        else:
            self._threads[notifier.name] = thread

    def _notify(self, notifier: Notifier) -> None:
        from airflow.sdk.execution_time.context import ConnectionAccessor

        from dbops_airflow.notifier_classes import build

        try:
            # A copy of the context: each puts its own fields into it. The DAG processor's has no connections.
            context: Any = {"conn": ConnectionAccessor(), **self._context, "alert": alert_words(self._alert)}
            # What calling it does, in these three steps, less one: that logs the text of what notify() raises.
            made = build(notifier)
            made._update_context(context)
            made.render_template_fields(context)
            made.notify(context)
        except DbopsError as error:
            self._refused[notifier.name] = str(error)
        except Exception as error:  # noqa: BLE001 - whatever a provider raises; its text may hold a credential
            where = "".join(traceback.format_tb(error.__traceback__))
            log.warning("%s in the notifier %s:\n%s", type(error).__name__, notifier.name, where)
            self._refused[notifier.name] = f"It failed with {type(error).__name__}; see the log."

    def _keep(self, name: str, refused: Mapping[str, str]) -> None:
        from dbops.domain.watch.notification import Notification
        from dbops.gateways.files.target_files import include_folder, read_targets
        from dbops.gateways.store.notifications import put_notification
        from dbops.jobs.error_in_words import error_in_words
        from dbops_airflow import connections

        try:
            target = read_targets(include_folder(), only=name).target(name)
            bucket = connections.open_bucket(target)
            for notifier, why in refused.items():
                lost = Notification(
                    target=name,
                    notifier=notifier,
                    moment=utc_now(),
                    subject=self._alert.subject,
                    run=str(self._context.get("run_id", "unknown")),
                    refusal=why,
                )
                put_notification(bucket, target, lost)
        except Exception as error:  # noqa: BLE001 - nothing in here may raise
            said = error_in_words(error, "keeping it for the watch")
            log.warning("The watch will not know whether this was delivered: %s", said)
