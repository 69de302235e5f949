"""An approval is given for one schema: whatever changes it changes the fingerprint, but for what a plan reads."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.schema.baseline import SchemaBaseline, Table
from dbops.domain.schema.fingerprint import schema_fingerprint
from dbops.domain.schema.whole_schema import WholeSchema
from tests.unit.schemas import SHOP, USER

FUNCTION = TocEntry(dump_id=1, kind="FUNCTION", schema="public", name="f()", owner="app", definition="f")
VIEW = TocEntry(dump_id=2, kind="VIEW", schema="public", name="v", owner="app", definition="v")
WHOLE = WholeSchema(SHOP, (FUNCTION, VIEW))
PRINT = schema_fingerprint(WHOLE)


def test_a_change_that_only_one_of_the_two_readers_sees_is_another_schema() -> None:
    invalid = {"User_plan_idx": 'CREATE INDEX "User_plan_idx" ON public."User" USING btree (plan) INVALID'}
    tables = {**SHOP.tables, USER: replace(SHOP.tables[USER], indexes=invalid)}
    others = [
        replace(WHOLE, catalog=replace(SHOP, tables=tables)),
        replace(WHOLE, catalog=replace(SHOP, enums={})),
        replace(WHOLE, entries=(FUNCTION,)),
        replace(WHOLE, entries=(replace(FUNCTION, definition="g"), VIEW)),
    ]
    assert len({PRINT, *map(schema_fingerprint, others)}) == len(others) + 1


def test_owners_the_order_of_reading_and_the_ledger_are_no_other_schema() -> None:
    ledger = TocEntry(dump_id=3, kind="TABLE", schema="public", name="_prisma_migrations", definition="l")
    about = TocEntry(dump_id=4, kind="INDEX", schema="public", name="i", definition="i", depends_on=(3,))
    tables = {("public", "_prisma_migrations"): Table(columns={"id": "text"}), **SHOP.tables}
    backwards = dict(reversed(tables.items()))
    same = [
        WholeSchema(SchemaBaseline(tables, SHOP.enums), (ledger, about, VIEW, FUNCTION)),
        WholeSchema(SchemaBaseline(backwards, SHOP.enums), (replace(FUNCTION, owner="me"), VIEW)),
    ]
    assert {PRINT} == set(map(schema_fingerprint, same))


def test_a_name_that_is_no_utf_8_has_a_fingerprint_as_well() -> None:
    odd = replace(SHOP, enums={("public", "caf\udce9"): ("a",)})
    assert schema_fingerprint(WholeSchema(odd, (replace(VIEW, name="caf\udce9"),))) != PRINT
