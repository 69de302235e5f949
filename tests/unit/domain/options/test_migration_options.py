"""A limit of a migration is one that the server keeps: never none, and never more than it can count."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.words.quantities import parse_duration


@pytest.mark.parametrize("limit", ["1ms", "2s", "24d"])
def test_what_the_server_can_count_is_taken(limit: str) -> None:
    assert MigrationOptions.model_validate({"lock_timeout": limit}).lock_timeout == parse_duration(limit)


@pytest.mark.parametrize("limit", ["0s", "0.5ms", "25d", "24d 1s"])
@pytest.mark.parametrize("key", ["lock_timeout", "statement_timeout", "concurrent_timeout"])
def test_none_and_what_the_server_cannot_count_is_refused(key: str, limit: str) -> None:
    with pytest.raises(ValidationError, match="from 1ms to 24d, and never none"):
        MigrationOptions.model_validate({key: limit})
