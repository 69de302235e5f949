"""At an address that is reserved for examples nobody reads; any other may be somebody's."""

from __future__ import annotations

import pytest

from dbops.domain.alerts.reserved_addresses import is_reserved


@pytest.mark.parametrize(
    "address",
    [
        "dba@example.com",
        "dba@Example.COM",
        "dba@example.org.",
        "dba@mail.example.net",
        "dba@your-company.example",
        "dba@somewhere.invalid",
        "dba@shop.test",
        "dba@test",
        '"a@real.domain"@example.com',
    ],
)
def test_nobody_reads_at_an_address_for_examples(address: str) -> None:
    assert is_reserved(address)


@pytest.mark.parametrize(
    "address",
    [
        "dba@myexample.com",
        "dba@example.co",
        "dba@example.com.tr",
        "example.com@shop.internal",
        "dba@test.de",
        "dba@example.de",
        "root@localhost",
        "dba@mailhost",
    ],
)
def test_somebody_may_read_at_any_other(address: str) -> None:
    assert not is_reserved(address)
