"""error_in_words: what may be said to people of an error that does not end a job."""

from __future__ import annotations

import logging
import traceback

from dbops.errors import DbopsError

_log = logging.getLogger(__name__)


def error_in_words(error: BaseException, what: str) -> str:
    """What an error of ours says; of any other only its kind, and the log has ``what`` was done and where it failed."""
    if isinstance(error, DbopsError):
        return str(error)
    # Not its text: what we did not write ourselves may carry a credential, or a row's value.
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("An unexpected %s while %s:\n%s", type(error).__name__, what, where)
    return f"an unexpected {type(error).__name__}, see the log."
