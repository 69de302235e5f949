"""What tests of restores share: a backup of a database, loaded into another by our own load_archive."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dbops.domain.archives.selection import Selection
from dbops.domain.backups.backup import BackupId, BackupManifest, FileEntry
from dbops.domain.backups.layout import Layout
from dbops.domain.options.encryption import Encryption
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.age import Identities, IdentitySource, no_identities
from dbops.gateways.archive import Archive, Loaded, load_archive, open_archive
from dbops.gateways.processes.programs import find_pg_restore
from dbops.gateways.s3 import S3Bucket
from tests.age_program import AgeKey
from tests.backups import Desk, backed_up, target

SHOP = (
    "CREATE EXTENSION pgcrypto",
    "CREATE SCHEMA crm",
    "CREATE TYPE crm.mood AS ENUM ('glad', 'sad')",
    "CREATE FUNCTION crm.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TABLE crm.customers (id serial PRIMARY KEY, mood crm.mood, name text DEFAULT 'x')",
    "CREATE TABLE crm.orders (id serial PRIMARY KEY, customer int REFERENCES crm.customers, note text)",
    'CREATE TABLE crm.lines (id serial PRIMARY KEY, "order" int REFERENCES crm.orders)',
    "CREATE INDEX ON crm.customers (name)",
    "CREATE TRIGGER touch BEFORE INSERT ON crm.customers FOR EACH ROW EXECUTE FUNCTION crm.touch()",
    "COMMENT ON TABLE crm.customers IS 'who buys'",
    "CREATE TABLE events (day date, n int) PARTITION BY RANGE (day)",
    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
    "INSERT INTO crm.customers (mood) SELECT 'glad' FROM generate_series(1, 100)",
    """INSERT INTO crm.orders (customer, note)
       SELECT n, encode(gen_random_bytes(600), 'hex') FROM generate_series(1, 100) n""",
    "INSERT INTO events SELECT date '2026-01-01' + n, n FROM generate_series(0, 49) n",
    "SELECT lo_from_bytea(0, decode(repeat('ab', 3000), 'hex')) FROM generate_series(1, 3)",
)

# Into which of the two partitions a label belongs depends on its oid, so that each database distributes the rows in its
# own way; each label has another number of them.
BY_ENUM = (
    "CREATE SCHEMA feelings",
    f"CREATE TYPE feelings.mood AS ENUM ({', '.join(repr(f'm{n}') for n in range(12))})",
    "CREATE TABLE feelings.felt (id int, mood feelings.mood, PRIMARY KEY (id, mood)) PARTITION BY HASH (mood)",
    "CREATE TABLE feelings.felt_0 PARTITION OF feelings.felt FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE feelings.felt_1 PARTITION OF feelings.felt FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    """INSERT INTO feelings.felt
       SELECT i, ('m' || n)::feelings.mood FROM generate_series(0, 11) n, generate_series(1, 1 << n) i""",
)
FELT = 2**12 - 1


class Loader:
    """Backs a database up and loads it into another."""

    def __init__(self, desk: Desk, bucket: S3Bucket) -> None:
        self.desk, self.bucket = desk, bucket
        self.target: Target = target(desk.bucket)
        self.backup_id = BackupId("20260101T000000Z")
        self.identities: IdentitySource = no_identities

    def encrypt_for(self, *keys: AgeKey) -> None:
        """Encrypt backups from now on, and open them with those keys."""
        encryption = Encryption(recipients=tuple(key.public for key in keys), identities=("keys",) if keys else ())
        self.target = self.target.model_copy(update={"encryption": encryption})
        self.open_with(*keys)

    def open_with(self, *keys: AgeKey) -> None:
        """Open backups with those keys from now on."""
        self.identities = lambda: Identities.read({"keys": "\n".join(key.secret for key in keys)} if keys else {})

    def back_up(self, url: str) -> Archive:
        report = backed_up(self.target, url, self.desk.store, self.desk.programs.folder)
        self.backup_id = BackupId(report.backup_id)
        return self.open()

    def open(self) -> Archive:
        return open_archive(self.bucket, self.target, self.backup_id, self.identities)

    def load(self, archive: Archive, url: str, selection: Selection | None = None, **options: Any) -> Loaded:
        program = find_pg_restore(self.desk.programs.folder, archive.manifest.pg_dump_version)
        wanted = {"jobs": 2, "parallelism": 4, "directory": self.desk.place, **options}
        return load_archive(self.bucket, archive, program, DatabaseAddress.from_url(url), selection=selection, **wanted)

    def damage(self, name: str, *, shorten: bool = False) -> str:
        """Flip a bit in the middle of a file of the backup, or cut its end off; gives its key."""
        key = f"{self.open().folder}{name}"
        body = bytearray(self.bucket.get(key))
        body[len(body) // 2] ^= 4
        self.bucket.put(key, bytes(body[:-9] if shorten else body))
        return key

    def change_manifest(self, **fields: Any) -> None:
        """Let the backup's manifest say something else."""
        key = Layout(self.target.root).manifest(self.backup_id)
        manifest = replace(BackupManifest.from_json(self.bucket.get(key)), **fields)
        self.bucket.put(key, manifest.to_json())

    def change_file(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Let a file of the backup hold something else, with a manifest that agrees."""
        folder = Layout(self.target.root).folder(self.backup_id)
        body = change(self.bucket.get(folder + name))
        self.bucket.put(folder + name, body)
        manifest = BackupManifest.from_json(self.bucket.get(f"{folder}manifest.json"))
        changed = FileEntry(name, len(body), hashlib.sha256(body).hexdigest())
        self.change_manifest(files=tuple(changed if file.name == name else file for file in manifest.files))
