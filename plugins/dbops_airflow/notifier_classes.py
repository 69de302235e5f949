"""Notifier classes: a notifier of include/notifiers.yaml as the object that Airflow's provider makes of it."""

from __future__ import annotations

import inspect
import logging
import threading
import traceback
from collections.abc import Iterable
from copy import deepcopy
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dbops.domain.alerts.notifier import Notifier
from dbops.domain.fault import Fault
from dbops.errors import InvalidRequest
from dbops.gateways.files.notifier_files import NOTIFIERS

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
_CORRECT = "Correct its keywords"
_INSTALL = "Install its provider on every worker, or correct the path"


def build(notifier: Notifier) -> BaseNotifier:
    """Import its class and make one, which sends nothing yet; raises InvalidRequest where one of both fails.

    Only what Python itself says of names and keywords is repeated: another error's text may hold a value of the file.
    """
    made_of = _class(notifier)
    keywords = deepcopy(dict(notifier.keywords))  # it renders its fields in place, and the next alert has its own words
    try:
        inspect.signature(made_of).bind(**keywords)
    except TypeError as error:
        raise _refused(notifier, f"{made_of.__name__}: {error}", _CORRECT) from None
    except ValueError:
        log.debug("%s does not say what it takes.", notifier.class_path)
    try:
        made = made_of(**keywords)
    except Exception as error:  # noqa: BLE001 - whatever a provider raises
        known = isinstance(error, TypeError) and "unexpected keyword" in str(error)
        why = str(error) if known else f"it refuses its keywords with {type(error).__name__}"
        _log_place(notifier, error)
        raise _refused(notifier, f"{made_of.__name__}: {why}", _CORRECT) from None
    return made


def class_faults(notifiers: Iterable[Notifier]) -> tuple[Fault, ...]:
    """A fault for each notifier that cannot be made. This imports their providers, so only the watch asks."""
    return tuple(
        Fault(NOTIFIERS, notifier.line, sentence) for notifier in notifiers if (sentence := _why_not(notifier))
    )


def _why_not(notifier: Notifier) -> str:
    """Empty where it can be made. One that never ends must not keep the watch from looking at the databases."""
    said: list[str] = []

    def make() -> None:
        try:
            build(notifier)
        except InvalidRequest as error:
            said.append(str(error))
        else:
            said.append("")

    making = threading.Thread(target=make, name=f"make {notifier.name}", daemon=True)
    making.start()
    making.join(_PATIENCE_SECONDS)
    endless = (
        f"The notifier {notifier.name} was not created within {_PATIENCE_SECONDS:.0f} seconds. See what it waits for."
    )
    return said[0] if said else endless


def _class(notifier: Notifier) -> type[BaseNotifier]:
    from airflow.sdk import BaseNotifier

    module, _, name = notifier.class_path.rpartition(".")
    try:
        found: Any = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise _refused(notifier, f"there is no module {error.name}", _INSTALL) from None
    except AttributeError as error:
        if error.name != name:
            raise _broken(notifier, error) from None
        raise _refused(notifier, f"{module} has no {name}", _INSTALL) from None
    except Exception as error:  # noqa: BLE001 - a module may raise anything while it is imported
        raise _broken(notifier, error) from None
    if not (isinstance(found, type) and issubclass(found, BaseNotifier)):
        raise _refused(notifier, f"{name} is not an Airflow notifier", "Name a class that derives from BaseNotifier")
    return found


def _broken(notifier: Notifier, error: Exception) -> InvalidRequest:
    _log_place(notifier, error)
    return _refused(notifier, f"{type(error).__name__} while importing it", _INSTALL)


def _refused(notifier: Notifier, why: str, remedy: str) -> InvalidRequest:
    return InvalidRequest(
        f"The notifier {notifier.name} cannot be created from {notifier.class_path}: {why}.", f"{remedy}."
    )


def _log_place(notifier: Notifier, error: Exception) -> None:
    """Where it happened, without its text."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.warning("%s while making the notifier %s:\n%s", type(error).__name__, notifier.name, where)
