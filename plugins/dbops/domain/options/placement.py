"""Placement: which databases share a server and so take turns, and which workers do the heavy jobs."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_SERVER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_QUEUE = re.compile(r"[A-Za-z0-9][\w.\-]{0,99}", re.ASCII)


def _server_name(value: str) -> str:
    if not _SERVER.fullmatch(value):
        raise ValueError(
            "a server is a name of your own, not its address: lower-case letters, digits and _, beginning with a "
            "letter, at most 63"
        )
    return value


def _queue_name(value: str) -> str:
    if not _QUEUE.fullmatch(value):
        raise ValueError(
            "a queue is one name that a worker of Airflow listens to: letters, digits, _, - and ., at most 100"
        )
    return value


ServerName = Annotated[str, AfterValidator(_server_name)]
QueueName = Annotated[str, AfterValidator(_queue_name)]
