"""OnFirstRequest: an ASGI app that is made when somebody first asks for it.

Every process of Airflow loads the plugin, a task's too; only the API server ever answers a request.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class OnFirstRequest:
    """Made once, by ``make``, in a thread: its imports take a moment, and the event loop has others to serve."""

    def __init__(self, make: Callable[[], AsgiApp]) -> None:
        self._make = make
        self._made: AsgiApp | None = None
        self._making = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._made
        if app is None:
            app = await asyncio.to_thread(self._make_once)
        await app(scope, receive, send)

    def _make_once(self) -> AsgiApp:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made
