"""Migrations are read together; whatever is wrong in any of them is said at once, by name and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.domain.ledger.migration import Migration
from dbops.errors import InvalidRequest
from dbops.gateways.files.migration_files import migrations_folder, read_migrations, unproven_migrations

SHOWN = "sql/app/migrations"


def write(include: Path, **files: str | bytes) -> Path:
    """Files by name, ``__`` for the slash between folder and file."""
    for name, text in files.items():
        folder, _, file = name.rpartition("__")
        place = migrations_folder(include, "app") / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{file}.sql").write_bytes(text if isinstance(text, bytes) else text.encode())
    return include


def lock(include: Path, text: str) -> None:
    migrations_folder(include, "app").mkdir(parents=True, exist_ok=True)
    (migrations_folder(include, "app") / "migration_lock.toml").write_text(text, encoding="utf-8")


def refused(include: Path) -> list[str]:
    """Everything that is said about the folder."""
    with pytest.raises(InvalidRequest) as wrong:
        read_migrations(include, "app")
    before, _, said = wrong.value.what.partition(" cannot be used; nothing was touched. ")
    assert before == "The migrations of app"
    assert wrong.value.remedy == "Correct what is named and try again."
    return said.removesuffix(".").replace(f"; {SHOWN}", f"\n{SHOWN}").replace(f"{SHOWN}/", "").split("\n")


def test_a_folder_is_read_to_the_byte(tmp_path: Path) -> None:
    body = "-- größer\r\nCREATE TABLE a ();\r\n"
    write(tmp_path, m_1__migration=body, m_1__down="DROP TABLE a;")
    write(tmp_path, m_2__migration="CREATE INDEX CONCURRENTLY a ON t (b)", m_3__migration="-- nothing\n")
    lock(tmp_path, 'provider = "postgresql"')

    assert read_migrations(tmp_path, "app") == (
        Migration(name="m_1", body=body.encode(), down="DROP TABLE a;"),
        Migration(
            name="m_2",
            body=b"CREATE INDEX CONCURRENTLY a ON t (b)",
            concurrently=True,
        ),
        Migration(name="m_3", body=b"-- nothing\n"),
    )


def test_without_a_folder_there_is_no_migration(tmp_path: Path) -> None:
    assert read_migrations(tmp_path, "app") == ()
    assert unproven_migrations(tmp_path, "app") == ()

    lock(tmp_path, 'provider = "postgresql"')
    (migrations_folder(tmp_path, "app") / "README.md").write_text("for people")
    assert read_migrations(tmp_path, "app") == ()


def test_they_come_in_the_order_in_which_prisma_applies_them(tmp_path: Path) -> None:
    for name in ("20230101120000_b", "0_init", "20230101_a"):
        write(tmp_path, **{f"{name}__migration": "SELECT 1"})

    assert [one.name for one in read_migrations(tmp_path, "app")] == ["0_init", "20230101_a", "20230101120000_b"]


def test_everything_that_is_wrong_is_said_at_once_by_name_and_line(tmp_path: Path) -> None:
    folder = migrations_folder(tmp_path, "app")
    write(tmp_path, a_fine__migration="SELECT 1", b_latin__migration="SELECT 1;\n-- gr\xf6\xdfer".encode("latin-1"))
    (folder / "c_empty").mkdir()
    write(tmp_path, d_open__migration="SELECT 1;\nSELECT (2", d_open__down="SELECT 1;\n\nCOMMIT;")
    write(tmp_path, e_two__migration="DROP INDEX CONCURRENTLY a;\nDROP INDEX CONCURRENTLY b;")
    write(tmp_path, f_only_down__down="SELECT 1")
    (folder / "g_folder" / "migration.sql").mkdir(parents=True)
    (folder / "h_link").symlink_to(folder / "a_fine")
    write(tmp_path, **{"i name__migration": "SELECT 1"})
    lock(tmp_path, '# of another\nprovider = "mysql"\n')

    told = refused(tmp_path)

    assert [one.partition(": ")[0] for one in told] == [
        "migration_lock.toml:2",
        "b_latin/migration.sql:2",
        "c_empty",
        "d_open/migration.sql:2",
        "d_open/down.sql:3",
        "e_two/migration.sql:1",
        "e_two/migration.sql:2",
        "f_only_down",
        "g_folder/migration.sql",
        "h_link",
        "i name",
    ]
    assert told[0].endswith(
        ': the provider is mysql, and these are migrations of PostgreSQL; write provider = "postgresql"'
    )
    assert told[1].endswith("this is not UTF-8 text; save the file as UTF-8")
    assert told[2] == "c_empty: it has no migration.sql; write one, or remove the folder"
    assert "COMMIT may not stand here" in told[4]
    assert "is not alone in its file" in told[5]
    assert all("; " in one for one in told), "each says what to do"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('provider = "sqlite"', "migration_lock.toml:1: the provider is sqlite, and"),
        ("# nothing\n", "migration_lock.toml: it names no provider, and"),
        ("provider = 1", "migration_lock.toml:1: it names no provider, and"),
        ("# a\nprovider = postgresql", 'migration_lock.toml:2: it cannot be read; write provider = "postgresql"'),
    ],
)
def test_a_lock_file_of_another_provider_is_refused(tmp_path: Path, text: str, said: str) -> None:
    lock(tmp_path, text)

    (told,) = refused(tmp_path)

    assert told.startswith(said)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    migrations_folder(tmp_path, "app").parent.mkdir(parents=True)
    migrations_folder(tmp_path, "app").write_text("not a folder")

    (told,) = refused(tmp_path)

    assert told == f"{SHOWN}: the folder cannot be read (Not a directory); correct its permissions, or remove it"
    assert unproven_migrations(tmp_path, "app") == ()


def test_for_a_report_they_are_read_whatever_is_in_them(tmp_path: Path) -> None:
    write(tmp_path, a__migration="COMMIT", b__down="SELECT 1", c__migration=b"\xff")

    assert unproven_migrations(tmp_path, "app") == (
        Migration(name="a", body=b"COMMIT"),
        Migration(name="c", body=b"\xff"),
    )
