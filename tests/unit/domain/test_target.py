"""What a target says of itself: as whom its jobs come, whom its alerts reach, and what production refuses."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

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


@pytest.mark.parametrize(
    ("environment", "four_eyes", "needed"),
    [
        ("production", None, True),
        ("production", False, False),
        ("production", True, True),
        ("staging", None, False),
        ("staging", True, True),
        ("development", None, False),
    ],
)
def test_in_production_who_asked_may_not_be_who_approves_unless_its_file_says_otherwise(
    environment: str, four_eyes: bool | None, needed: bool
) -> None:
    alerts = {"recipients": ["dba@shop.internal"]}
    assert target(environment=environment, alerts=alerts, approvals={"four_eyes": four_eyes}).needs_four_eyes is needed


def test_what_has_files_of_its_own_knows_of_each_kind_and_the_target_before_does_not() -> None:
    plain = target()
    assert (plain.has_rules, plain.has_probes) == (False, False)
    for rules, probes in ((True, False), (False, True)):
        known = plain.with_files(rules=rules, probes=probes)
        assert (known.has_rules, known.has_probes, known.name) == (rules, probes, "shop")
    assert (plain.has_rules, plain.has_probes) == (False, False)


@pytest.mark.parametrize(
    ("prefix", "root"), [("team", "team/shop/"), ("X", "X/shop/"), ("a/b", "a/b/shop/"), ("", "shop/")]
)
def test_what_a_target_has_in_the_bucket_lies_below_its_own_name(prefix: str, root: str) -> None:
    assert target(storage={"bucket": "vault", "prefix": prefix}).root == root


def test_a_store_that_a_person_waits_for_is_the_same_store_and_is_not_waited_for_as_long() -> None:
    shop = target(probes={"connection": "app"})
    assert shop.hurried.storage == shop.storage.hurried
    assert shop.hurried.storage != shop.storage
    assert shop.hurried.model_copy(update={"storage": shop.storage}) == shop


def test_its_time_zone_is_that_in_which_its_days_are_counted() -> None:
    assert target(timezone="Europe/Vienna").zone == ZoneInfo("Europe/Vienna")
    assert target().zone == ZoneInfo("UTC")


def test_a_migration_is_backed_up_as_it_is_made() -> None:
    shop = target(migrations={"connection": "shop_migrate"})
    assert shop.migrating.connection == "shop_migrate"
    assert shop.migrating.model_copy(update={"connection": "shop"}) == shop


@pytest.mark.parametrize(
    ("alerts", "why"),
    [
        ({}, "there are no alerts.recipients, and no alerts.notify"),
        (
            {"recipients": ["a@example.com", "b@c.test"]},
            "no mail ever arrives at a@example.com, b@c.test, for such names are kept for examples",
        ),
    ],
)
def test_where_nobody_would_hear_of_a_failure_it_says_why_and_what_to_write(alerts: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        target(environment="production", alerts=alerts)
    assert str(refused.value.errors()[0].get("ctx", {})["error"]) == (
        f"environment is production and nobody would hear of a failure: {why}. Write who is to be woken below alerts:, "
        "as in recipients: [you@your.domain], in the target's own file or, for all, in include/defaults.yaml, or "
        "accept it with allow: [no_recipients]"
    )


@pytest.mark.parametrize("connection", ["postgresql://u:secret@h/d", "a b", "", "a" * 251, "shop/crm"])
def test_a_connection_is_an_id_and_what_is_none_is_not_repeated(connection: str) -> None:
    with pytest.raises(ValidationError) as refused:
        target(connection=connection)
    said = str(refused.value.errors()[0].get("ctx", {})["error"])
    assert said == "a connection is the id of an Airflow connection, never a URL: no credential belongs in a file"
    assert target(connection="a" * 250).connection == "a" * 250


def test_a_secret_key_that_stands_where_a_connection_should_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        target(encryption={"recipients": [], "identities": ["AGE-SECRET-KEY-1QQQQ"]})
    assert str(refused.value.errors()[0].get("ctx", {})["error"]) == (
        "this is a secret key, and no longer one now that it stands in a file: make a new one, and write here the id "
        "of the Airflow connection whose password it is, never a URL"
    )
