"""Promise: what a swap runs is two renames and all that belongs to the name; without a live database it is one."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.restores.statements import make_statement, swap_statements
from dbops.domain.servers.database_settings import DatabaseSettings, Setting
from tests.unit.restores import live

ODD = live(settings=DatabaseSettings(owner="The App", comment="it's", settings=(Setting("work_mem", "7MB"),)))


def test_the_live_database_is_renamed_first() -> None:
    assert swap_statements("Sh op", "r", "b", ODD) == (
        'ALTER DATABASE "Sh op" RENAME TO "b"',
        'ALTER DATABASE "r" RENAME TO "Sh op"',
        'ALTER DATABASE "Sh op" OWNER TO "The App"',
        "COMMENT ON DATABASE \"Sh op\" IS 'it''s'",
        'ALTER DATABASE "Sh op" CONNECTION LIMIT -1',
        "ALTER DATABASE \"Sh op\" SET work_mem TO '7MB'",
    )


def test_without_a_live_database_there_is_one_rename() -> None:
    assert swap_statements("shop", "r", "b", None) == ('ALTER DATABASE "r" RENAME TO "shop"',)


def test_the_new_database_is_where_and_whose_the_live_one_is() -> None:
    assert make_statement("r", (), replace(ODD, tablespace="fast"), owners=True, major=17) == (
        'CREATE DATABASE "r" TEMPLATE = template0 TABLESPACE = "fast" OWNER = "The App"'
    )
    assert "TABLESPACE" not in make_statement(
        "r", (), ODD, owners=True, major=17
    )  # an ordinary role may not ask for it
    assert "OWNER" not in make_statement("r", (), ODD, owners=False, major=17)
    assert make_statement("r", (), None, owners=True, major=17) == 'CREATE DATABASE "r" TEMPLATE = template0'
