"""Promise: an encrypted backup is whole, comes back equal, and is open to nobody but its recipients."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from dbops.domain.archives.selection import select
from dbops.domain.backups.backup import BackupManifest
from dbops.errors import BackupUnusable, IdentityMissing, InvalidConnection
from dbops.gateways.age import Identities
from tests import age_program
from tests.age_program import AgeKey, new_key
from tests.backups import Desk, counted_rows, difference, download, execute
from tests.loading import SHOP, Loader


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return new_key()


def test_the_trap_database_comes_back_equal(
    loader: Loader, desk: Desk, key: AgeKey, trap_database: str, restored_database: str
) -> None:
    loader.encrypt_for(key)
    archive = loader.back_up(trap_database)

    loaded = loader.load(archive, restored_database)

    assert [complaint.text for complaint in loaded.complaints if not complaint.harmless] == []
    assert loaded.downloaded == sum(file.bytes for file in archive.data_files)
    assert difference(desk.programs.dump(restored_database), desk.programs.dump(trap_database)) == []
    assert [path for path in desk.place.iterdir() if path.name.startswith("dbops-")] == []


def test_age_opens_every_file_and_the_checksums_inside_are_those_of_what_pg_dump_wrote(
    loader: Loader, desk: Desk, key: AgeKey, trap_database: str, tmp_path: Path
) -> None:
    loader.encrypt_for(key)
    archive = loader.back_up(trap_database)

    folder = tmp_path / "fetched"
    manifest = download(desk.client, desk.bucket, archive.folder, folder)
    names = {path.name for path in folder.iterdir()} - {"started.json", "manifest.json"}
    assert names == {file["name"] for file in manifest["files"]}
    assert all(name.endswith(".age") for name in names)
    for file in manifest["files"]:
        body = (folder / file["name"]).read_bytes()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (file["bytes"], file["sha256"])
        assert body.startswith(b"age-encryption.org/v1\n-> X25519 ")
    clear = {
        name.removesuffix(".age"): age_program.decrypt((folder / name).read_bytes(), key.secret, tmp_path)
        for name in names
    }
    sums = clear.pop("SHA256SUMS").decode()
    assert sums == "".join(f"{hashlib.sha256(clear[name]).hexdigest()}  {name}\n" for name in sorted(clear))
    assert clear["toc.dat"].startswith(b"PGDMP")
    assert b"CREATE ROLE" in clear["globals.sql"]


def test_the_manifest_says_for_whom_and_how_many_rows_and_is_of_a_format_that_older_versions_leave_alone(
    loader: Loader, key: AgeKey, empty_database: str
) -> None:
    execute(empty_database, "CREATE TABLE secrets AS SELECT 'unread' AS words FROM generate_series(1, 321)")
    loader.encrypt_for(key)
    archive = loader.back_up(empty_database)

    body = loader.bucket.get(f"{archive.folder}manifest.json")
    document = json.loads(body)
    assert document["encryption_recipients"] == [key.public]
    assert document["format"] == 2
    assert [(table["name"], table["rows"]) for table in document["tables"]] == [("secrets", 321)]
    assert BackupManifest.from_json(body) == archive.manifest
    for stored in loader.bucket.list(archive.folder):
        assert b"unread" not in loader.bucket.get(stored.key)


def test_large_tables_over_several_connections_and_in_several_parts_come_back_too(
    loader: Loader, key: AgeKey, empty_database: str, restored_database: str
) -> None:
    execute(
        empty_database,
        "CREATE EXTENSION pgcrypto",
        "CREATE TABLE large AS SELECT n, gen_random_bytes(1000) AS noise FROM generate_series(1, 20000) n",
        "CREATE TABLE small AS SELECT n FROM generate_series(1, 10) n",
    )
    loader.encrypt_for(key)
    backup = loader.target.backup.model_copy(update={"split_above": 1024**2, "spool_cap": 16 * 1024**2})
    storage = loader.target.storage.model_copy(update={"part_size": 5 * 1024**2})
    loader.target = loader.target.model_copy(update={"backup": backup, "storage": storage})

    archive = loader.back_up(empty_database)

    assert max(file.bytes for file in archive.data_files) > 3 * storage.part_size
    loader.load(archive, restored_database)
    assert counted_rows(restored_database) == counted_rows(empty_database)
    query = "SELECT md5(string_agg(md5(l::text), '' ORDER BY n)) FROM large l"
    programs = loader.desk.programs
    assert programs.run("psql", restored_database, "-XAtc", query) == programs.run(
        "psql", empty_database, "-XAtc", query
    )


def test_a_part_of_it_comes_back(loader: Loader, key: AgeKey, empty_database: str, restored_database: str) -> None:
    execute(empty_database, *SHOP)
    loader.encrypt_for(key)
    archive = loader.back_up(empty_database)

    selection = select(archive.entries, tables=["crm.customers"])
    loader.load(archive, restored_database, selection)

    assert counted_rows(restored_database) == {("crm", "customers"): 100}


def test_backups_of_before_and_after_a_change_of_keys_lie_side_by_side_and_all_come_back(
    loader: Loader, key: AgeKey, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, "CREATE TABLE t AS SELECT n FROM generate_series(1, 10) n")
    newer = new_key()
    ids = []
    for recipients in ([], [key], [key, newer], [newer]):
        loader.encrypt_for(*recipients)
        loader.back_up(empty_database)
        ids.append(loader.backup_id)

    loader.open_with(key, newer)
    for backup_id in ids:
        loader.backup_id = backup_id
        loader.load(loader.open(), restored_database)
        assert counted_rows(restored_database) == {("public", "t"): 10}
        execute(restored_database, "DROP TABLE t")
    loader.open_with(newer)
    loader.backup_id = ids[1]
    with pytest.raises(IdentityMissing):
        loader.open()


def test_without_a_key_it_stays_closed_and_the_sentence_names_whose_is_wanted(
    loader: Loader, key: AgeKey, empty_database: str
) -> None:
    loader.encrypt_for(key)
    loader.back_up(empty_database)

    loader.open_with()
    with pytest.raises(IdentityMissing, match="of the target names no key") as refused:
        loader.open()
    assert key.public in refused.value.remedy


def test_a_key_that_cannot_be_looked_up_is_no_word_against_the_backup(
    loader: Loader, key: AgeKey, empty_database: str
) -> None:
    loader.encrypt_for(key)
    loader.back_up(empty_database)

    def absent() -> None:
        raise InvalidConnection('The Airflow connection "keys" is not defined.', "Define it.")

    loader.identities = absent  # type: ignore[assignment]  # it never returns
    with pytest.raises(
        IdentityMissing, match='says nothing about the backup: The Airflow connection "keys"'
    ) as refused:
        loader.open()
    assert refused.value.remedy == "Define it."


def test_somebody_elses_key_opens_nothing_and_the_sentence_says_whose_it_is(
    loader: Loader, key: AgeKey, empty_database: str
) -> None:
    stranger = new_key()
    loader.encrypt_for(key)
    loader.back_up(empty_database)

    loader.open_with(stranger)
    with pytest.raises(IdentityMissing, match=rf"\(those of {stranger.public}\) fits") as refused:
        loader.open()
    assert key.public in refused.value.remedy
    assert stranger.secret not in str(refused.value)


def test_where_no_key_fits_those_that_are_not_at_hand_are_named(
    loader: Loader, key: AgeKey, empty_database: str
) -> None:
    stranger = new_key()
    loader.encrypt_for(key)
    loader.back_up(empty_database)

    def password(connection: str) -> str:
        if connection == "key_2026":
            return stranger.secret
        raise InvalidConnection(f'The Airflow connection "{connection}" is not defined.', "Define it.")

    loader.identities = lambda: Identities.look_up(["key_2025", "key_2026"], password)
    with pytest.raises(
        IdentityMissing, match=r'fits\. Not at hand: The Airflow connection "key_2025" is not defined\.'
    ) as refused:
        loader.open()
    assert key.public in refused.value.remedy


@pytest.mark.parametrize("name", ["toc.dat.age", "SHA256SUMS.age"])
@pytest.mark.parametrize("shorten", [False, True])
def test_a_small_file_that_was_changed_or_cut_short_is_named(
    loader: Loader, key: AgeKey, empty_database: str, name: str, *, shorten: bool
) -> None:
    loader.encrypt_for(key)
    loader.back_up(empty_database)
    damaged = loader.damage(name, shorten=shorten)

    with pytest.raises(BackupUnusable, match=damaged):
        loader.open()


@pytest.mark.parametrize("shorten", [False, True])
def test_a_data_file_that_was_changed_is_named_even_where_the_manifest_was_made_to_fit(
    loader: Loader, key: AgeKey, empty_database: str, restored_database: str, *, shorten: bool
) -> None:
    execute(empty_database, *SHOP)
    loader.encrypt_for(key)
    archive = loader.back_up(empty_database)
    largest = max(archive.data_files, key=lambda file: file.bytes)
    loader.damage(largest.name, shorten=shorten)
    loader.change_file(largest.name, lambda damaged: damaged)

    with pytest.raises(BackupUnusable, match=rf"{largest.name} cannot be decrypted"):
        loader.load(loader.open(), restored_database)


@pytest.mark.parametrize(
    ("for_the_target", "said"),
    [(True, "was decrypted, but is not what was encrypted"), (False, "is encrypted for a different recipient")],
)
def test_a_file_that_somebody_has_encrypted_anew_is_not_believed(
    loader: Loader, key: AgeKey, empty_database: str, restored_database: str, *, for_the_target: bool, said: str
) -> None:
    """Everybody has the public key, and whoever can write into the bucket can change the manifest too."""
    execute(empty_database, "CREATE TABLE t AS SELECT n FROM generate_series(100, 199) n")
    loader.encrypt_for(key)
    archive = loader.back_up(empty_database)
    (file,) = archive.data_files
    clear = age_program.decrypt(loader.bucket.get(archive.folder + file.name), key.secret, loader.desk.place)
    forgery = (
        age_program.encrypt(clear + clear, key.public)
        if for_the_target
        else age_program.encrypt(clear, new_key().public)
    )
    loader.change_file(file.name, lambda _: forgery)

    with pytest.raises(BackupUnusable, match=rf"{file.name} {said}"):
        loader.load(loader.open(), restored_database)
