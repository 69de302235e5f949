"""Attempts: asks the store again when the failure may pass, and says in a BucketError when it does not.

botocore's own retries are off: they wait for milliseconds and share one quota, so that an outage of seconds would end
a backup of hours; nor do they send again what was damaged on its way.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from dbops.gateways.s3.body import SentBody
from dbops.gateways.s3.encryption import with_doubt
from dbops.gateways.s3.refusals import Action, Foreign, Place, code_of, explain, is_transient

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempts:
    """At most ``limit`` attempts, with pauses of half a second that double up to 20 s, shortened at random.

    ``sse`` is how the store is asked to encrypt what it is sent, ``connection_id`` the connection that an error names.
    """

    bucket: str
    endpoint: str
    limit: int
    sse: str = "none"
    connection_id: str = ""
    pause: Callable[[float], object] = time.sleep

    def place(self, key: str) -> Place:
        """Where a request for that key goes."""
        return Place(self.bucket, key, self.endpoint, self.connection_id)

    def run(self, action: Action, key: str, send: Callable[[int], T], *, body: SentBody | None = None) -> T:
        """Call ``send`` with the attempt's number, from 1, until it returns; raises BucketError when it will not.

        ``body`` is what it sends: rewound for every attempt, and what reading it raises is raised as it is.
        """
        attempt = 1
        while True:
            try:
                if body is not None:
                    body.begin_attempt()
                return send(attempt)
            except Foreign as error:
                if body is not None and body.raised is not None:
                    raise body.raised from None
                if attempt >= self.limit or not is_transient(error):
                    refusal = explain(error, action, self.place(key), attempts=attempt)
                    raise with_doubt(refusal, code_of(error), action, self.sse) from None
                pause = _pause_after(attempt)
                log.warning(
                    "Could not %s %s (%s); attempt %d of %d follows in %.1f s.",
                    action.verb,
                    self.place(key),
                    code_of(error) or type(error).__name__,
                    attempt + 1,
                    self.limit,
                    pause,
                )
            self.pause(pause)
            attempt += 1


def _pause_after(attempt: int) -> float:
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the senders, protects nothing
