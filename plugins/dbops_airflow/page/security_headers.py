"""SecurityHeaders: what every answer of the page tells the browser not to do."""

from __future__ import annotations

from typing import Any

from dbops_airflow.page.on_first_request import AsgiApp, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",  # Airflow's UI shows the page in a frame
    )
)
KEPT_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox",
    )
)
"""For a whole page out of a bucket, into which others may write: it executes, sends and loads nothing."""
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
_UNLESS_TOLD = {b"content-security-policy": POLICY.encode(), b"cache-control": b"no-store"}


class SecurityHeaders:
    """An ASGI middleware: in front of everything, errors too."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                others = [(name, value) for name, value in message.get("headers", []) if name not in _HEADERS]
                told = {name for name, _ in others}
                defaults = [(name, value) for name, value in _UNLESS_TOLD.items() if name not in told]
                message = {**message, "headers": [*others, *defaults, *_HEADERS.items()]}
            await send(message)

        await self._app(scope, receive, guarded)
