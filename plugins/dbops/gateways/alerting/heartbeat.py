"""Heartbeat: tell somebody outside that all is well, so that silence is noticed there.

The address is a secret (whoever knows it can fake health), so no error repeats more of it than its host.
"""

from __future__ import annotations

import urllib.request
from http.client import HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from dbops.errors import HeartbeatFailed

_TIMEOUT_SECONDS = 10
_REMEDY = "Check whether alerts.heartbeat_url is still correct and can be reached from here."


def ping(url: str) -> None:
    """Request ``url`` once with GET; raises HeartbeatFailed, without the address's path, unless it answers 2xx."""
    scheme = url.partition("://")[0].lower()
    if scheme not in {"http", "https"}:
        raise HeartbeatFailed("A heartbeat_url begins with neither http:// nor https://.", _REMEDY)
    opener = urllib.request.build_opener(_SameScheme(scheme))
    try:
        with opener.open(urllib.request.Request(url, headers={"User-Agent": "dbops"}), timeout=_TIMEOUT_SECONDS):  # noqa: S310 - the scheme was checked
            return
    except Exception as error:  # noqa: BLE001 - http.client puts the whole address into some of its exceptions
        cause = _cause(error)
    # Outside of the except block, so that no traceback shows the exception with the address either.
    raise HeartbeatFailed(f"The heartbeat to {_host(url)} was not accepted: {cause}.", _REMEDY)


class _SameScheme(urllib.request.HTTPRedirectHandler):
    def __init__(self, scheme: str) -> None:
        self._scheme = scheme

    def redirect_request(  # noqa: PLR0917 - urllib's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != self._scheme:
            raise HTTPError(req.full_url, code, "a redirect to another scheme", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _cause(error: Exception) -> str:
    if isinstance(error, HTTPError):
        error.close()
        redirected = 300 <= error.code < 400  # noqa: PLR2004 - HTTP's redirects; those within the scheme were followed
        return f"it answered {error.code}" + (", a redirect to another scheme" if redirected else "")
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return "it did not answer in time" if isinstance(reason, TimeoutError) else type(reason).__name__


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an address without a host"
    except ValueError:
        return "an address that cannot be read"
