"""schema.prisma and the migrations agree to the letter: the one, rendered the way Prisma renders it, is the others.

The renderer knows only what this schema uses, and fails on anything else. It was held against Prisma's own engine:
`prisma migrate diff --from-empty` and `prisma db push` of this schema give exactly these indexes, tables and types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from dbops.domain.sql.statements import statements
from dbops.gateways.files.baseline_files import read_baseline_file
from dbops.gateways.files.migration_files import read_migrations

ROOT = Path(__file__).parents[2]
SCHEMA = (ROOT / "demo/summary_app/schema.prisma").read_text(encoding="utf-8")
FOLDER = ROOT / "include/sql/summary_app/migrations"
MIGRATION = (FOLDER / "0_init/migration.sql").read_text(encoding="utf-8")
LATER = {
    "20261126090000_summary_user_id_created_at_idx": "Summary_userId_createdAt_idx",
    "20261126090100_usage_event_user_id_created_at_idx": "UsageEvent_userId_createdAt_idx",
}

TYPES = {
    "String": "TEXT",
    "Int": "INTEGER",
    "Float": "DOUBLE PRECISION",
    "Boolean": "BOOLEAN",
    "DateTime": "TIMESTAMP(3)",
    "Json": "JSONB",
}
ACTIONS = {"Cascade": "CASCADE", "SetNull": "SET NULL", "Restrict": "RESTRICT"}
IN_CODE_ONLY = {"cuid()", "uuid()"}


@dataclass
class Field:
    name: str
    type: str
    suffix: str
    attributes: str

    def attribute(self, name: str) -> str | None:
        """What stands between the attribute's parentheses; "" without any, None without the attribute."""
        found = re.search(rf"(?<!@)@{name}\b(?:\(((?:[^()]|\([^()]*\))*)\))?", self.attributes)
        return None if found is None else found[1] or ""


@dataclass
class Model:
    name: str
    fields: list[Field] = field(default_factory=list)
    uniques: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)


@dataclass
class Schema:
    enums: dict[str, list[str]] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)


def parse(text: str) -> Schema:
    schema = Schema()
    bare = "\n".join(re.sub(r"\s*//.*", "", line).strip() for line in text.splitlines())
    blocks = re.findall(r"^(\w+) (\w+) \{\n(.*?)^\}", bare, re.DOTALL | re.MULTILINE)
    assert len(blocks) == bare.count("{\n"), "a block of schema.prisma was not understood"
    for kind, name, body in blocks:
        lines = [line for line in body.splitlines() if line]
        if kind == "enum":
            schema.enums[name] = lines
        elif kind == "model":
            schema.models[name] = parse_model(name, lines)
        else:
            assert kind in {"generator", "datasource"}
    return schema


def parse_model(name: str, lines: list[str]) -> Model:
    model = Model(name)
    for line in lines:
        if block := re.fullmatch(r"@@(unique|index)\(\[(.*)\]\)", line):
            (model.uniques if block[1] == "unique" else model.indexes).append(block[2])
            continue
        parts = re.fullmatch(r"(\w+)\s+(\w+)(\?|\[\])?((?:\s+@.*)?)", line)
        assert parts, f"{line!r} of {name} was not understood"
        model.fields.append(Field(parts[1], parts[2], parts[3] or "", parts[4]))
    return model


def render(schema: Schema) -> set[str]:
    """The statements of the first migration, as Prisma writes them."""
    statements = {'CREATE SCHEMA IF NOT EXISTS "public";'}
    for enum, labels in schema.enums.items():
        statements.add(f'CREATE TYPE "{enum}" AS ENUM ({", ".join(map(repr, labels))});')
    for model in schema.models.values():
        statements |= {table(schema, model), *unique_indexes(model), *indexes(model), *foreign_keys(schema, model)}
    return statements | join_tables(schema)


def is_column(schema: Schema, a: Field) -> bool:
    return a.type in TYPES or a.type in schema.enums


def table(schema: Schema, model: Model) -> str:
    columns = [column(schema, one) for one in model.fields if is_column(schema, one)]
    (key,) = (one.name for one in model.fields if one.attribute("id") is not None)
    body = "".join(f"    {line},\n" for line in columns)
    return f'CREATE TABLE "{model.name}" (\n{body}\n    CONSTRAINT "{model.name}_pkey" PRIMARY KEY ("{key}")\n);'


def column(schema: Schema, one: Field) -> str:
    kind = TYPES.get(one.type, f'"{one.type}"')
    text = f'"{one.name}" {kind}' + {"": " NOT NULL", "?": "", "[]": "[]"}[one.suffix]
    default = one.attribute("default")
    if default is None or default in IN_CODE_ONLY:
        return text
    if default == "[]":
        return f"{text} DEFAULT ARRAY[]::{kind}[]"
    if default == "now()":
        return f"{text} DEFAULT CURRENT_TIMESTAMP"
    if one.type in schema.enums:
        assert default in schema.enums[one.type]
        return f"{text} DEFAULT '{default}'"
    assert re.fullmatch(r'-?\d+|true|false|"[^"\\]*"', default), f"the default {default} was not understood"
    return f"{text} DEFAULT " + default.replace('"', "'")


def unique_indexes(model: Model) -> set[str]:
    single = [one.name for one in model.fields if one.attribute("unique") is not None]
    return {index(model, columns, "UNIQUE INDEX", "key") for columns in [*single, *model.uniques]}


def indexes(model: Model) -> set[str]:
    return {index(model, columns, "INDEX", "idx") for columns in model.indexes}


def index(model: Model, columns: str, kind: str, ending: str) -> str:
    parsed = [re.fullmatch(r"(\w+)(\(sort: Desc\))?", each.strip()) for each in columns.split(",")]
    each = [(one[1], " DESC" if one[2] else "") for one in parsed if one]
    assert len(each) == len(parsed), f"the index ({columns}) was not understood"
    name = "_".join([model.name, *(one for one, _ in each), ending])
    indexed = ", ".join(f'"{one}"{order}' for one, order in each)
    return f'CREATE {kind} "{name}" ON "{model.name}"({indexed});'


def foreign_keys(schema: Schema, model: Model) -> set[str]:
    statements = set()
    for one in model.fields:
        relation = one.attribute("relation")
        if relation is None:
            continue
        parts = re.fullmatch(r"fields: \[(\w+)\], references: \[(\w+)\], onDelete: (\w+)", relation)
        assert parts, f"the relation ({relation}) was not understood"
        assert one.type in schema.models
        statements.add(foreign_key(model.name, parts[1], one.type, parts[2], ACTIONS[parts[3]]))
    return statements


def foreign_key(source: str, column: str, target: str, key: str, on_delete: str) -> str:
    return (
        f'ALTER TABLE "{source}" ADD CONSTRAINT "{source}_{column}_fkey" FOREIGN KEY ("{column}") '
        f'REFERENCES "{target}"("{key}") ON DELETE {on_delete} ON UPDATE CASCADE;'
    )


def join_tables(schema: Schema) -> set[str]:
    """Prisma's own tables between two models that hold lists of each other; A is the first in the alphabet."""
    lists = {(model.name, one.type) for model in schema.models.values() for one in model.fields if one.suffix == "[]"}
    statements = set()
    for a, b in sorted(pair for pair in lists if pair[0] < pair[1] and pair[::-1] in lists):
        name = f"_{a}To{b}"
        statements |= {
            f'CREATE TABLE "{name}" (\n    "A" TEXT NOT NULL,\n    "B" TEXT NOT NULL,\n\n'
            f'    CONSTRAINT "{name}_AB_pkey" PRIMARY KEY ("A","B")\n);',
            f'CREATE INDEX "{name}_B_index" ON "{name}"("B");',
            foreign_key(name, "A", a, "id", "CASCADE"),
            foreign_key(name, "B", b, "id", "CASCADE"),
        }
    return statements


def statements_of(migration: str) -> list[str]:
    return [
        "\n".join(line for line in paragraph.splitlines() if not line.startswith("--"))
        for paragraph in re.split(r"\n\n(?=-- )", migration.strip())
    ]


def everything() -> list[str]:
    """0_init and what came later, each statement as Prisma writes it: without CONCURRENTLY, which it does not know."""
    later = [
        line.replace(" CONCURRENTLY ", " ").replace('" (', '"(')
        for name in LATER
        for line in (FOLDER / name / "migration.sql").read_text("utf-8").splitlines()
        if not line.startswith("--")
    ]
    return [*statements_of(MIGRATION), *later]


def test_the_migrations_are_what_prisma_makes_of_the_schema() -> None:
    assert sorted(everything()) == sorted(render(parse(SCHEMA)))


def test_every_statement_is_announced_as_prisma_announces_it() -> None:
    announced = {
        "CREATE SCHEMA": "-- CreateSchema",
        "CREATE TYPE": "-- CreateEnum",
        "CREATE TABLE": "-- CreateTable",
        "CREATE INDEX": "-- CreateIndex",
        "CREATE UNIQUE": "-- CreateIndex",
        "ALTER TABLE": "-- AddForeignKey",
    }
    paragraphs = re.split(r"\n\n(?=-- )", MIGRATION.strip())

    for comment, statement in (paragraph.split("\n", 1) for paragraph in paragraphs):
        assert comment == announced[" ".join(statement.split()[:2])]
    order = [paragraph.split("\n", 1)[0] for paragraph in paragraphs]
    kinds = list(dict.fromkeys(announced.values()))
    assert all(kinds.index(one) <= kinds.index(next_one) for one, next_one in pairwise(order))


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("@@index([videoId])", ""),
        ("@@unique([userId, videoId])", "@@index([userId, videoId])"),
        ("@@index([status])", "@@index([status(sort: Desc)])"),
        ("onDelete: Cascade", "onDelete: Restrict"),
        ("durationSeconds Int", "durationSeconds Int?"),
        ("@default(10)", "@default(25)"),
        ("  PROCESSING\n", ""),
        ("confidence   Float?", "confidence   Int?"),
        ("slug      String  @unique", "slug      String"),
        ("categories Category[]\n", "\n"),
    ],
)
def test_a_difference_between_the_two_is_noticed(part: str, changed: str) -> None:
    assert part in SCHEMA

    assert render(parse(SCHEMA.replace(part, changed, 1))) != set(everything())


def test_the_application_has_its_models_and_no_migrations_table() -> None:
    assert set(parse(SCHEMA).models) == {"User", "Summary", "ShareLink", "UsageEvent", "Category", "Tag", "Progress"}
    assert "_prisma_migrations" not in MIGRATION


@pytest.mark.parametrize("model", ["Summary", "UsageEvent"])
def test_the_recommended_index_is_left_for_later_to_find(model: str) -> None:
    assert not re.search(rf'INDEX "\w+" ON "{model}"\([^)]*"createdAt"', MIGRATION)


def test_the_later_migrations_make_the_recommended_indexes_as_they_are_recommended() -> None:
    migrations = read_migrations(ROOT / "include", "summary_app")
    file = read_baseline_file(ROOT / "include", "summary_app")
    assert file is not None
    recommended = file.baseline.recommended_indexes

    assert [one.name for one in migrations] == ["0_init", *LATER]
    for one in migrations[1:]:
        index = LATER[one.name]
        assert one.concurrently
        assert [statement.sql for statement in statements(one.sql)] == [recommended[index]]
        assert [statement.sql for statement in statements(one.down or "")] == [
            f'DROP INDEX CONCURRENTLY IF EXISTS "{index}"'
        ]


def test_the_folder_is_of_prisma_for_postgresql() -> None:
    assert (FOLDER / "migration_lock.toml").read_text("utf-8").splitlines()[-1] == 'provider = "postgresql"'
