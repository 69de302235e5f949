"""What a target says of itself: as whom its jobs come, whom its alerts reach, and what production refuses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dbops.domain.alerts.audience import Audience
from dbops.domain.target import Danger
from tests.unit.samples import target


def test_what_has_a_connection_of_its_own_is_reached_by_it_and_everything_else_by_the_targets() -> None:
    storage = {"bucket": "vault", "prefix": "team", "connection": "store", "expire_connection": "sweeper"}
    shop = target(probes={"connection": "shop_app"}, migrations={"connection": "shop_migrate"}, storage=storage)
    assert (shop.connection, shop.probing_connection, shop.migrating_connection) == ("shop", "shop_app", "shop_migrate")
    assert (shop.storage.connection, shop.expiring.storage.connection) == ("store", "sweeper")
    assert (shop.expiring.root, shop.expiring.connection) == (shop.root, "shop")
    plain = target()
    assert {plain.connection, plain.probing_connection, plain.migrating_connection} == {"shop"}
    assert plain.expiring == plain


def test_its_alerts_reach_recipients_and_notifiers() -> None:
    alerts = {"recipients": ["dba@shop.internal"], "notify": ["chat"]}
    assert target(alerts=alerts).audience == Audience(("dba@shop.internal",), ("chat",))


@pytest.mark.parametrize(
    ("settings", "key", "allow"),
    [
        ({"backup": {"exclude_tables": ["public.a"]}}, ("backup", "exclude_tables"), "partial_backup"),
        ({"retention": {"minimum_redundancy": 1}}, ("retention", "minimum_redundancy"), "low_redundancy"),
        ({"alerts": {"recipients": []}}, ("alerts", "recipients"), "no_recipients"),
        ({"alerts": {"recipients": ["a@example.com", "b@c.test"]}}, ("alerts", "recipients"), "no_recipients"),
    ],
)
def test_production_refuses_a_danger_where_it_was_decided_until_somebody_accepts_it(
    settings: dict[str, Any], key: tuple[str, ...], allow: str
) -> None:
    production: dict[str, Any] = {
        "environment": "production",
        "alerts": {"recipients": ["dba@shop.internal"]},
        **settings,
    }
    with pytest.raises(ValidationError) as refused:
        target(**production)
    danger = refused.value.errors()[0].get("ctx", {})["error"]
    assert isinstance(danger, Danger)
    assert danger.key == key
    assert f"allow: [{allow}]" in str(danger)
    assert target(**production, allow=[allow]).allow == {allow}
    assert target(**production | {"environment": "staging"}).allow == set()


@pytest.mark.parametrize(
    "alerts",
    [
        {"recipients": ["dba@example.com", "dba@shop.internal"]},
        {"recipients": ["dba@example.com"], "notify": ["oncall"]},
        {"notify": ["oncall"]},
    ],
)
def test_one_who_hears_of_it_is_enough_for_production(alerts: dict[str, Any]) -> None:
    assert target(environment="production", alerts=alerts).audience


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "shop\n"},
        {"connection": "shop\n"},
        {"server": "db1\n"},
        {"queue": "heavy\n"},
        {"alerts": {"recipients": ["dba@shop.internal\n"]}},
        {"alerts": {"recipients": ["dba@shop.internal", "dba"]}},
        {"alerts": {"recipients": ["dba@shop.internal, other@shop.internal"]}},
    ],
)
def test_a_name_or_an_address_is_one_from_its_first_letter_to_its_last(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        target(**settings)
