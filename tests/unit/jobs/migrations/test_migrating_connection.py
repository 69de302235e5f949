"""Promise: where migrations have a connection of their own, what is wrong with it is said of that one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import InvalidConnection
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.jobs.backups.back_up import back_up
from dbops.jobs.migrations.init_migrations import init_migrations
from tests.unit.samples import Clock, target

POOLED = DatabaseAddress.from_url("postgresql://migrator@db.example.com/shop?pgbouncer=true")
SHOP = target(migrations={"connection": "shop_migrate"})


def test_scratch_names_the_connection_as_which_is_migrated(tmp_path: Path) -> None:
    with pytest.raises(InvalidConnection, match='The connection "shop_migrate" goes through') as refused:
        init_migrations(SHOP, POOLED, tmp_path, clock=Clock())
    assert refused.value.remedy.startswith('Give "shop_migrate" the direct URL')


def test_the_backup_before_a_migration_names_the_connection_as_which_is_migrated() -> None:
    with pytest.raises(InvalidConnection, match='The connection "shop_migrate" goes through'):
        back_up(SHOP.migrating, POOLED, InMemoryBucket("vault", Clock()), run="test", clock=Clock())


def test_the_target_as_which_is_migrated_is_the_same_but_for_its_connection() -> None:
    assert SHOP.migrating == target(connection="shop_migrate", migrations={"connection": "shop_migrate"})
    assert target().migrating == target()
