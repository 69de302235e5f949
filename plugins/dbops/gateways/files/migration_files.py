"""The migrations of a target: include/sql/<target>/migrations, read together, or refused together by name and line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbops.domain.fault import Fault
from dbops.domain.ledger.migration import Migration, in_order
from dbops.domain.migrations.sql import objections, runs_alone
from dbops.domain.words.printable import printable
from dbops.errors import InvalidRequest

LOCK_FILE = "migration_lock.toml"
"""Prisma's own, which says for which kind of database the migrations are."""

_NAME = re.compile(r"[\w.-]+")
_PROVIDER = "postgresql"
_TOML_LINE = re.compile(r"\(at line (\d+)")


def migrations_folder(include: Path, target: str) -> Path:
    """Where the migrations of a target lie."""
    return include / "sql" / target / "migrations"


def read_migrations(include: Path, target: str) -> tuple[Migration, ...]:
    """Every migration of a target in Prisma's order; raises one InvalidRequest that has whatever is wrong with any.

    There is none where there is no folder. Files beside the folders are nothing to Prisma, but for its own.
    """
    folder, shown = migrations_folder(include, target), f"sql/{target}/migrations"
    faults: list[Fault] = []
    migrations: list[Migration] = []
    try:
        names = _names(folder)
    except OSError as error:
        faults.append(_unreadable(shown, error, "the folder"))
        names = []
    faults += _lock_faults(folder, shown)
    for name in names:
        read = _Reading(folder / name, f"{shown}/{name}")
        migration = read.migration()
        faults += read.faults
        if migration is not None:
            migrations.append(migration)
    require_no_faults(target, faults)
    return tuple(migrations)


def require_no_faults(target: str, faults: Sequence[Fault]) -> None:
    """Raise one InvalidRequest that has all of these faults, where there is any."""
    if faults:
        told = "; ".join(str(fault) for fault in faults)
        raise InvalidRequest(
            f"The migrations of {target} cannot be used; nothing was touched. {told}.",
            "Correct what is named and try again.",
        )


def unproven_migrations(include: Path, target: str) -> tuple[Migration, ...]:
    """The migrations as they lie there, whatever is in them, to be compared with a ledger; those without text left out.

    For a report that a bad file must not prevent.
    """
    folder = migrations_folder(include, target)
    try:
        names = _names(folder)
    except OSError:
        return ()
    found: list[Migration] = []
    for name in names:
        try:
            found.append(Migration(name=printable(name), body=(folder / name / "migration.sql").read_bytes()))
        except OSError:
            continue
    return tuple(found)


class _Reading:
    """Reads one folder; ``faults`` are what is wrong with it."""

    def __init__(self, folder: Path, source: str) -> None:
        self._folder, self._source = folder, source
        self.faults: list[Fault] = []

    def migration(self) -> Migration | None:
        """The migration, None where something is wrong."""
        self.faults += [Fault(self._source, None, sentence) for sentence in _name_faults(self._folder)]
        body = self._body("migration.sql")
        down = self._body("down.sql")
        if body is None or self.faults:
            return None
        return Migration(
            name=self._folder.name,
            body=body,
            down=None if down is None else down.decode("utf-8"),
            concurrently=runs_alone(body.decode("utf-8")),
        )

    def _body(self, name: str) -> bytes | None:
        """The bytes of a file of SQL; None where there is none, or it cannot be used."""
        try:
            body = (self._folder / name).read_bytes()
            text = body.decode("utf-8")
        except FileNotFoundError:
            if name == "migration.sql":
                self._fault("", None, "it has no migration.sql; write one, or remove the folder")
            return None
        except OSError as error:
            self.faults.append(_unreadable(f"{self._source}/{name}", error, "the file"))
            return None
        except UnicodeDecodeError as error:
            line = body[: error.start].count(b"\n") + 1
            self._fault(name, line, "this is not UTF-8 text; save the file as UTF-8")
            return None
        for line, sentence in objections(text):
            self._fault(name, line, sentence)
        return body

    def _fault(self, name: str, line: int | None, sentence: str) -> None:
        self.faults.append(Fault(f"{self._source}/{name}".rstrip("/"), line, sentence))


def _names(folder: Path) -> list[str]:
    """The folders in it, in Prisma's order. A link to one is among them, though Prisma does not follow it."""
    try:
        return sorted((entry.name for entry in os.scandir(folder) if entry.is_dir()), key=in_order)
    except FileNotFoundError:
        return []


def _name_faults(folder: Path) -> Iterator[str]:
    if folder.is_symlink():
        yield "it is a link, which Prisma does not follow; put the folder itself in its place"
    if not _NAME.fullmatch(folder.name):
        yield "a migration's name is letters, digits, _, - and dots, as in 20261122000000_add_index; rename it"


def _lock_faults(folder: Path, shown: str) -> Iterator[Fault]:
    source = f"{shown}/{LOCK_FILE}"
    try:
        text = (folder / LOCK_FILE).read_bytes().decode("utf-8")
        provider = tomllib.loads(text).get("provider")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield _unreadable(source, error, "the file")
    except ValueError as error:  # not TOML, or not UTF-8
        found = _TOML_LINE.search(str(error))
        line = int(found[1]) if found else None
        yield Fault(source, line, f'it cannot be read; write provider = "{_PROVIDER}"')
    else:
        if provider != _PROVIDER:
            number = next((at for at, one in enumerate(text.splitlines(), 1) if "provider" in one), None)
            said = f"the provider is {provider}" if isinstance(provider, str) else "it names no provider"
            yield Fault(
                source, number, f'{said}, and these are migrations of PostgreSQL; write provider = "{_PROVIDER}"'
            )


def _unreadable(source: str, error: OSError, what: str) -> Fault:
    return Fault(source, None, f"{what} cannot be read ({error.strerror}); correct its permissions, or remove it")
