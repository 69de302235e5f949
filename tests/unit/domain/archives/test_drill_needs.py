"""Promise: what keeps a backup from being drilled is said before anything is restored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.archives.needs import ServerOffer, unmet_needs
from dbops.domain.archives.roles import roles_of
from dbops.domain.archives.toc_entry import TocEntry

PLAIN = ServerOffer(major=17, extensions=frozenset({"plpgsql"}), collations=frozenset({"C", "POSIX"}), has_icu=False)


def toc(kind: str, name: str = "x", **more: Any) -> TocEntry:
    return TocEntry(dump_id=1, kind=kind, schema="public", name=name, **more)


def test_a_plain_backup_needs_nothing() -> None:
    entries = [
        toc("TABLE", definition='CREATE TABLE public.x (n text COLLATE pg_catalog."C");\n'),
        toc("EXTENSION", "plpgsql"),
        toc("COLLATION", definition="CREATE COLLATION public.x (provider = libc, locale = 'C');\n"),
        toc("FUNCTION", definition="CREATE FUNCTION f() -- (provider = icu)\n"),
    ]

    assert unmet_needs(entries, 17, PLAIN) == ()
    assert unmet_needs(entries, 16, PLAIN) == ()


NEEDS = {
    "a newer server": ([], 18, "it is PostgreSQL 17, older than the backup's 18"),
    "extensions": (
        [toc("EXTENSION", "vector"), toc("EXTENSION", "postgis")],
        17,
        "it has no extension postgis, vector",
    ),
    "an ICU collation": (
        [toc("COLLATION", definition="CREATE COLLATION public.x (provider = icu, locale = 'de');\n")],
        17,
        "it was built without ICU, which the backup's collations need",
    ),
    "an ICU database": (
        [
            toc(
                "DATABASE",
                definition="CREATE DATABASE x WITH TEMPLATE = template0 LOCALE_PROVIDER = icu LOCALE = 'C';\n",
            )
        ],
        17,
        "it was built without ICU, which the backup's collations need",
    ),
    "a collation of the system": (
        [toc("TABLE", definition='CREATE TABLE public.x (\n    n text COLLATE pg_catalog."de_AT.utf8"\n);\n')],
        17,
        "its system has no collation de_AT.utf8",
    ),
    "a collation with a quote in its name": (
        [toc("TABLE", definition='CREATE TABLE public.x (\n    n text COLLATE pg_catalog."o""dd"\n);\n')],
        17,
        'its system has no collation o"dd',
    ),
    "a collation whose name needs no quotes": (
        [toc("INDEX", definition="CREATE INDEX x ON public.t USING btree (n COLLATE pg_catalog.german);\n")],
        17,
        "its system has no collation german",
    ),
}


@pytest.mark.parametrize(("entries", "source_major", "need"), NEEDS.values(), ids=NEEDS.keys())
def test_what_the_server_lacks_is_named(entries: list[TocEntry], source_major: int, need: str) -> None:
    assert unmet_needs(entries, source_major, PLAIN) == (need,)


def test_everything_that_is_missing_is_named_at_once() -> None:
    entries = [toc("EXTENSION", "vector"), toc("COLLATION", definition="... (PROVIDER = icu, locale = 'de');")]

    assert len(unmet_needs(entries, 18, PLAIN)) == 3


def test_the_needs_say_whose_they_are() -> None:
    entries = [toc("COLLATION", definition="... (PROVIDER = icu, locale = 'de');")]

    assert unmet_needs(entries, 18, PLAIN, whose="the target's") == (
        "it is PostgreSQL 17, older than the target's 18",
        "it was built without ICU, which the target's collations need",
    )


def test_a_server_that_has_it_all_is_good_enough() -> None:
    entries = [toc("EXTENSION", "vector"), toc("COLLATION", definition="... (provider = icu, locale = 'de');")]
    rich = ServerOffer(major=18, extensions=frozenset({"vector"}), collations=frozenset(), has_icu=True)

    assert unmet_needs(entries, 17, rich) == ()


def test_roles_are_those_that_own_something_and_those_that_are_granted_something() -> None:
    grants = (
        "REVOKE ALL ON TABLE public.x FROM owner;\n"
        "GRANT SELECT ON TABLE public.x TO reader;\n"
        'GRANT SELECT(n) ON TABLE public.x TO "Odd ""name""" WITH GRANT OPTION;\n'
        "GRANT ALL ON TABLE public.x TO PUBLIC;\n"
    )
    entries = [
        toc("TABLE", owner="owner"),
        toc("ENCODING"),
        toc("ACL", owner="owner", definition=grants),
        toc("DEFAULT ACL", owner="other", definition="GRANT SELECT ON TABLES TO writer;\n"),
        toc(
            "DEFAULT ACL",
            owner="other",
            definition="ALTER DEFAULT PRIVILEGES FOR ROLE other IN SCHEMA public GRANT SELECT ON TABLES TO later;\n",
        ),
    ]

    assert roles_of(entries) == {"owner", "reader", 'Odd "name"', "other", "writer", "later"}


def test_a_replica_takes_nothing() -> None:
    assert unmet_needs([], 17, replace(PLAIN, is_replica=True)) == ("it is a replica, which accepts no writes",)
