"""unseen: why something cannot be shown, in a sentence that whoever looks may read."""

from __future__ import annotations

import logging
import traceback

from dbops.errors import DbopsError

_log = logging.getLogger(__name__)


def why_unseen(what: str, error: BaseException) -> str:
    """``what`` is a subject, say "The checks of shop"; of an error that is not ours the log has where it was raised."""
    if isinstance(error, DbopsError):
        return f"{what} cannot be shown: {error}"
    # Not its text: what we did not write ourselves may carry a credential.
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("An unexpected %s instead of this: %s\n%s", type(error).__name__, what, where)
    return f"{what} cannot be shown: an unexpected {type(error).__name__}. The log of this process says where."
