"""Archive: a finished backup in the bucket, proven to be all there before anybody builds on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dbops.domain.archives.globals_script import read_globals_script
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import BackupId, BackupManifest, FileEntry, UnsafeFileName
from dbops.domain.backups.layout import Layout
from dbops.domain.sql.statements import SqlFault
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_bytes
from dbops.errors import BackupUnusable, BucketError, DumpFailed, ObjectMissing
from dbops.gateways.age import IdentitySource, NotDecryptable, NotForUs, no_identities
from dbops.gateways.archive.decryption import ArchiveKey, find_identities, not_decryptable, wrong_identities
from dbops.gateways.archive.encryption import CLEAR_SUMS, read_sums
from dbops.gateways.archive.toc import parse_toc
from dbops.gateways.store.bucket import Bucket

_TOC = "toc.dat"
_GLOBALS = "globals.sql"
_LARGE_OBJECTS = "BLOBS"
_LIST_ENDS = ".toc"
_ENDS = ("", ".gz", ".lz4", ".zst")  # of a data file, which pg_restore looks for in this order

FORGED = "Somebody may have forged it: use another backup, and find out who wrote this file."
"""The remedy where a file holds what pg_dump never writes."""


@dataclass(frozen=True)
class Archive:
    """A backup whose manifest and table of contents were read and compared with what the bucket lists.

    ``key`` opens its files; None where they are not encrypted.
    """

    manifest: BackupManifest
    folder: str
    toc: bytes
    entries: Sequence[TocEntry]
    key: ArchiveKey | None = None

    @property
    def data_files(self) -> tuple[FileEntry, ...]:
        """The files that pg_restore reads besides the table of contents."""
        return tuple(file for file in self.manifest.files if file.clear_name not in {_TOC, _GLOBALS, CLEAR_SUMS})

    @property
    def large_object_lists(self) -> frozenset[str]:
        """The files that name other files to pg_restore, which are the large objects."""
        return frozenset(entry.file for entry in self.entries if entry.kind == _LARGE_OBJECTS and entry.file)


def open_archive(
    bucket: Bucket, target: Target, backup_id: BackupId, identities: IdentitySource = no_identities
) -> Archive:
    """Read a backup's manifest and table of contents; raises BackupUnusable where it is not whole.

    Every file must be there with its size, and the table of contents may name no others, for pg_restore would open them
    wherever they are; the bytes of the table of contents are compared with its sha256, those of
    the data files when they are loaded. Where it is encrypted the ``identities`` are looked up; raises IdentityMissing
    where they do not open it.
    """
    folder = Layout(target.root).folder(backup_id)
    manifest = _manifest(bucket, target, backup_id)
    _require_files(bucket, folder, manifest)
    key = _key(bucket, folder, target, manifest, identities) if manifest.is_encrypted else None
    toc = _clear_file(bucket, folder, _entry(manifest, _TOC), key)
    try:
        entries = parse_toc(toc)
    except DumpFailed as error:
        raise BackupUnusable(error.what, error.remedy) from None
    archive = Archive(manifest, folder, toc, tuple(entries), key)
    _require_own_files(archive, place_of(bucket, folder + _entry(manifest, _TOC).name))
    return archive


def read_globals(bucket: Bucket, archive: Archive) -> tuple[str, ...] | None:
    """The statements that make the backup's roles; None where it has none.

    Raises BackupUnusable, also where they hold anything that pg_dumpall does not write.
    """
    if all(file.clear_name != _GLOBALS for file in archive.manifest.files):
        return None
    file = _entry(archive.manifest, _GLOBALS)
    try:
        return read_globals_script(_clear_file(bucket, archive.folder, file, archive.key))
    except SqlFault as fault:
        raise BackupUnusable(
            f"{place_of(bucket, archive.folder + file.name)}, line {fault.line}, {fault.sentence}.",
            FORGED,
        ) from None


def place_of(bucket: Bucket, key: str) -> str:
    """Where an object lies, as people are told."""
    return f"s3://{bucket.name}/{key}"


def require_unchanged(where: str, expected: FileEntry, sha256: str, look_again: Callable[[], str]) -> None:
    """Raises BackupUnusable where a file is not what was uploaded.

    Before anybody distrusts the backup it is read a second time: raises BucketError where that gives another sha256
    than the first time, for then it is damaged on its way here.
    """
    if sha256 == expected.sha256:
        return
    if look_again() != sha256:
        raise BucketError(
            f"{where} arrives damaged, and differently on each read.",
            "The backup may be intact: find out what is wrong between the store and this machine, and try again.",
        )
    raise BackupUnusable(
        f"{where} is damaged: its sha256 is {sha256}, and the manifest says {expected.sha256}.",
        "Use another backup, and find out what changed this one.",
    )


def _key(bucket: Bucket, folder: str, target: Target, manifest: BackupManifest, source: IdentitySource) -> ArchiveKey:
    """Proven on the list of checksums: whatever opens that opens the other files."""
    identities = find_identities(target, manifest, source)
    file = _entry(manifest, CLEAR_SUMS)
    where = place_of(bucket, folder + file.name)
    body = _small_file(bucket, folder, file)
    try:
        return ArchiveKey(identities, read_sums(identities.decrypt_bytes(body), where))
    except NotForUs:
        raise wrong_identities(target, manifest, identities) from None
    except NotDecryptable as error:
        raise not_decryptable(where, error) from None


def _clear_file(bucket: Bucket, folder: str, file: FileEntry, key: ArchiveKey | None) -> bytes:
    body = _small_file(bucket, folder, file)
    return body if key is None else key.decrypt_bytes(file, place_of(bucket, folder + file.name), body)


def _small_file(bucket: Bucket, folder: str, expected: FileEntry) -> bytes:
    key = folder + expected.name
    body = bucket.get(key)
    digest = hashlib.sha256(body).hexdigest()
    require_unchanged(place_of(bucket, key), expected, digest, lambda: hashlib.sha256(bucket.get(key)).hexdigest())
    return body


def _manifest(bucket: Bucket, target: Target, backup_id: BackupId) -> BackupManifest:
    key = Layout(target.root).manifest(backup_id)
    where = place_of(bucket, key)
    try:
        body = bucket.get(key)
    except ObjectMissing:
        began = any(True for _ in bucket.list(Layout(target.root).folder(backup_id)))
        what = "never finished, or is still running" if began else "does not exist"
        raise BackupUnusable(
            f"Backup {backup_id} of {target.name} {what}: there is no {where}.",
            f"`python -m dbops backups {target.name}` lists those that can be restored.",
        ) from None
    try:
        manifest = BackupManifest.from_json(body)
    except UnsafeFileName:
        raise BackupUnusable(f"{where} names a file that no backup contains.", FORGED) from None
    except ValueError:
        raise BackupUnusable(
            f"{where} is not a manifest that this version can read.",
            "Use the version of dbops that wrote it, or another backup.",
        ) from None
    if (manifest.target, manifest.backup_id) != (target.name, backup_id):
        raise BackupUnusable(
            f"{where} is the manifest of another backup: {manifest.backup_id} of {manifest.target}.",
            "Somebody copied objects between folders; use another backup.",
        )
    return manifest


def _require_files(bucket: Bucket, folder: str, manifest: BackupManifest) -> None:
    stored = {found.key.removeprefix(folder): found.bytes for found in bucket.list(folder)}
    for file in manifest.files:
        where = place_of(bucket, folder + file.name)
        if file.name not in stored:
            raise BackupUnusable(f"{where} is missing.", "Use another backup, and find out who deleted it.")
        if stored[file.name] != file.bytes:
            raise BackupUnusable(
                f"{where} has {format_bytes(stored[file.name])} ({stored[file.name]} bytes), and the manifest says "
                f"{file.bytes} bytes.",
                "Use another backup, and find out what changed this one.",
            )
    _entry(manifest, _TOC)


def _require_own_files(archive: Archive, where: str) -> None:
    own = {file.clear_name for file in archive.data_files}
    lists = archive.large_object_lists
    for entry in archive.entries:
        if entry.file is None:
            continue
        possible = {entry.file + end for end in _ENDS}
        if entry.file in lists:  # which is read as it is, and looked at
            possible = {entry.file} if entry.file.endswith(_LIST_ENDS) else set()
        if not own & possible:
            raise BackupUnusable(f"{where} names data files that the manifest does not.", FORGED)


def _entry(manifest: BackupManifest, name: str) -> FileEntry:
    found = next((file for file in manifest.files if file.clear_name == name), None)
    if found is None:
        raise BackupUnusable(f"The manifest of {manifest.backup_id} names no {name}.", "Use another backup.")
    return found
