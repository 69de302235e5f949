"""A filled sample database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create, generate


@pytest.fixture(scope="session")
def sample(postgres_server: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """A session of a database that was filled once, for 2026-11-22 21:00, and that tests leave as it is."""
    postgres_server.create_database("sample_to_read")
    url = postgres_server.url("sample_to_read")
    create(url)
    generate(url, 0.2, now=datetime(2026, 11, 22, 21, tzinfo=UTC))
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
    postgres_server.drop_database("sample_to_read")
