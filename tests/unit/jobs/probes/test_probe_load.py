from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import pytest

from dbops.domain.probes import Probe, Statement
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DbopsError, InvalidRequest
from dbops.jobs.probes.probe_load import probe_load
from tests.unit.samples import Clock, target

ADDRESS = "postgresql://ada:secret@db.example.com/shop"
PROBE = Probe(name="one", title="One", model="Item", budget_ms=10, statements=(Statement("SELECT 1"),))
WRITING = Probe(name="two", title="Two", model="Item", budget_ms=10, statements=PROBE.statements, writes=True)


def never(*_arguments: Any) -> NoReturn:
    raise AssertionError("the database was touched")


def refused(
    probes: Sequence[Probe] = (PROBE,), address: str = ADDRESS, accepted: bool = False, **settings: Any
) -> DbopsError:
    with pytest.raises(InvalidRequest) as caught:
        probe_load(
            target(**settings),
            DatabaseAddress.from_url(address),
            probes,
            draw=never,
            clock=Clock(),
            accepted=accepted,
        )
    return caught.value


def test_production_is_refused_before_anything_is_touched_unless_it_was_accepted() -> None:
    error = refused(environment="production", allow=["no_recipients"])
    assert error.what.startswith("shop is production")
    assert "`python -m dbops probe shop --load --yes`" in error.remedy
    with pytest.raises(AssertionError, match="touched"):
        probe_load(
            target(environment="production", allow=["no_recipients"]),
            DatabaseAddress.from_url(ADDRESS),
            [PROBE],
            draw=never,
            clock=Clock(),
            accepted=True,
        )


def test_a_pooler_is_refused_for_its_sessions_belong_to_others_too() -> None:
    assert "transaction pooler" in refused(address=f"{ADDRESS}?pgbouncer=true").what


def test_without_a_probe_that_only_reads_there_is_nothing_to_load_with() -> None:
    assert "no probe that only reads" in refused([WRITING]).what
    assert "include/sql/shop/probes" in refused([]).remedy
