"""Catalogs: read what a bucket holds of a target."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from dbops.domain.backups.backup import BackupId, BackupManifest, Claim
from dbops.domain.backups.catalog import Catalog, CatalogEntry, Leftover
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.verification import Verification
from dbops.domain.target import Target
from dbops.errors import BucketError, ObjectMissing, ObjectRefused
from dbops.gateways.store.bucket import Bucket

_READERS = 8
_LOOKS = 3

_PAST_VERDICTS = 4

T = TypeVar("T")
_Verdict = tuple[bool | None, Verification | None, bool]
_NO_VERDICT: _Verdict = None, None, False


@dataclass(frozen=True)
class Present:
    """What a look at the names alone tells: the ids of backups, and when the hold and the verdict on each was written.

    A backup may be finished, running, or neither; a hold or verdict may be on a backup that is gone.
    """

    backups: tuple[BackupId, ...]
    held: Mapping[BackupId, datetime]
    judged: Mapping[BackupId, datetime]


def read_catalog(
    bucket: Bucket, target: Target, *, known: Callable[[Present], Collection[BackupId]] = lambda _: ()
) -> Catalog:
    """Everything the bucket says about the target's backups, with one small read a backup, hold and verification.

    Folders that are not named by a backup id are foreign, and ignored. A verification is ``verifications/<id>.json``
    with ``{"ok": true or false}`` in it, whatever else; of those whose backup has expired the newest few are read. A
    hold that cannot be read holds without an end, and a verdict that cannot be read leaves its backup in doubt. Raises
    BucketError where any of it could not be read from the store: half a catalog would be a wrong one. An object that
    the store will never hand out, while it does others, is one that cannot be read.

    ``known`` chooses backups that are not to be read: no entry, but named in ``known``. Who deletes or restores has
    none.
    """
    with ThreadPoolExecutor(_READERS, "catalog") as readers:
        return _Reading(bucket, target, readers).catalog(known)


def read_claim(bucket: Bucket, target: Target, backup_id: BackupId) -> Claim | None:
    """The claim on that id as it is right now; None where there is none, or what is there is not one."""
    try:
        found = Claim.from_json(bucket.get(Layout(target.root).started(backup_id)))
    except (ObjectMissing, ValueError):
        return None
    return found if (found.target, found.backup_id) == (target.name, backup_id) else None


class _Reading:
    """One reading of one target's objects."""

    def __init__(self, bucket: Bucket, target: Target, readers: ThreadPoolExecutor) -> None:
        self._bucket, self._target, self._readers = bucket, target, readers
        self._layout = Layout(target.root)
        self._unreadable: list[str] = []
        self._refusals: list[ObjectRefused] = []
        self._was_given_one = False

    def catalog(self, known: Callable[[Present], Collection[BackupId]]) -> Catalog:
        present = Present(
            tuple(_backup_ids(self._bucket.folders(self._layout.backups))),
            held=self._written(self._layout.holds),
            judged=self._written(self._layout.verifications),
        )
        unread = frozenset(known(present))
        found = self._each(self._read_folder, (one for one in present.backups if one not in unread))
        manifests = {each.backup_id: each for each in found if isinstance(each, BackupManifest)}
        holds = self._each_of(present.held, manifests.keys(), self._read_hold)
        verdicts = self._each_of(present.judged, manifests.keys(), self._read_verdict)
        self._require_some_access()
        return Catalog(
            self._target.name,
            entries=tuple(
                CatalogEntry(
                    manifest,
                    holds.get(backup_id),
                    *(verdicts.get(backup_id) or _NO_VERDICT),
                    judged_at=present.judged.get(backup_id),
                )
                for backup_id, manifest in sorted(manifests.items())
            ),
            leftovers=tuple(each for each in found if isinstance(each, Leftover)),
            unreadable=tuple(sorted(self._unreadable)),
            past=self._past_verdicts(present.judged, manifests.keys() | unread),
            known=unread,
        )

    def _past_verdicts(self, judged: Iterable[BackupId], listed: Collection[BackupId]) -> tuple[Verification, ...]:
        gone = sorted(backup_id for backup_id in judged if backup_id not in listed)[-_PAST_VERDICTS:]
        return tuple(verdict for verdict in self._each(self._read_past_verdict, gone) if verdict is not None)

    def _written(self, folder: str) -> dict[BackupId, datetime]:
        names = {stored.key.removeprefix(folder): stored.modified for stored in self._bucket.list(folder)}
        ids = _backup_ids(name.removesuffix(".json") for name in names if name.endswith(".json"))
        return {backup_id: names[f"{backup_id}.json"] for backup_id in ids}

    def _each(self, read: Callable[[BackupId], T], backup_ids: Iterable[BackupId]) -> list[T]:
        return list(self._readers.map(read, backup_ids))

    def _each_of(
        self, present: Iterable[BackupId], wanted: Collection[BackupId], read: Callable[[BackupId], T]
    ) -> dict[BackupId, T]:
        chosen = [backup_id for backup_id in present if backup_id in wanted]
        return dict(zip(chosen, self._each(read, chosen), strict=True))

    def _get(self, key: str) -> bytes:
        body = self._bucket.get(key)
        self._was_given_one = True
        return body

    def _tell(self, refusal: ObjectRefused, then: str = "") -> None:
        self._refusals.append(refusal)
        self._unreadable.append(
            f"{refusal.place} is there, and the store will not hand it out: {refusal.why}. {refusal.remedy}{then}"
        )

    def _require_some_access(self) -> None:
        """Raise what may be about all objects, unless one was handed out: then it is about those that were not."""
        unclear = [refusal for refusal in self._refusals if not refusal.is_its_own]
        if unclear and not self._was_given_one:
            try:
                self._get(self._layout.index)  # written by whoever came last
            except BucketError:
                raise unclear[0] from None

    def _read_folder(self, backup_id: BackupId) -> BackupManifest | Leftover | None:
        """None where the manifest or the claim is unreadable, or the folder was deleted while we looked."""
        try:
            return self._look_into(backup_id)
        except ObjectRefused as refusal:
            self._tell(refusal)
            return None

    def _look_into(self, backup_id: BackupId) -> BackupManifest | Leftover | None:
        key = self._layout.manifest(backup_id)
        for _ in range(_LOOKS):
            try:
                return self._parse_manifest(backup_id, self._get(key))
            except ObjectMissing:
                objects = list(self._bucket.list(self._layout.folder(backup_id)))
            keys = tuple(stored.key for stored in objects)
            if not keys:
                return None
            if key not in keys:
                claim = read_claim(self._bucket, self._target, backup_id)
                return Leftover(backup_id, claim, max(stored.modified for stored in objects), keys)
            # It was finished between our two looks.
        self._unreadable.append(f"{self._place(key)} is listed by the store, but cannot be read.")
        return None

    def _parse_manifest(self, backup_id: BackupId, body: bytes) -> BackupManifest | None:
        place = self._place(self._layout.manifest(backup_id))
        try:
            manifest = BackupManifest.from_json(body)
        except ValueError as error:
            self._unreadable.append(f"{place} is not a manifest that this version can read ({_reason(error)}).")
            return None
        if (manifest.target, manifest.backup_id) != (self._target.name, backup_id):
            self._unreadable.append(
                f"{place} is the manifest of another backup: {manifest.backup_id} of {manifest.target}."
            )
            return None
        return manifest

    def _read_hold(self, backup_id: BackupId) -> Hold | None:
        key = self._layout.hold(backup_id)
        try:
            hold = Hold.from_json(self._get(key))
        except ObjectMissing:
            return None
        except ObjectRefused as refusal:
            self._tell(refusal, " Until then it counts as a hold without an end.")
        except ValueError as error:
            self._tell_no_hold(key, _reason(error))
        else:
            if hold.backup_id == backup_id:
                return hold
            self._tell_no_hold(key, f"it is for {hold.backup_id}")
        return Hold(backup_id, None, "what the hold says cannot be read", "unknown")

    def _tell_no_hold(self, key: str, reason: str) -> None:
        self._unreadable.append(f"{self._place(key)} is not a hold on that backup ({reason}); it counts as one.")

    def _read_past_verdict(self, backup_id: BackupId) -> Verification | None:
        try:
            return Verification.from_json(self._bucket.get(self._layout.verification(backup_id)))
        except (ObjectMissing, ObjectRefused, ValueError):  # nothing depends on it: it proves nothing, and is no fault
            return None

    def _read_verdict(self, backup_id: BackupId) -> _Verdict | None:
        key = self._layout.verification(backup_id)
        try:
            body = self._get(key)
            document = json.loads(body)
        except ObjectMissing:
            return None
        except ObjectRefused as refusal:
            self._tell(refusal, " Until then its backup is neither good nor bad.")
            return None, None, True
        except (ValueError, RecursionError):  # the latter where it is nested too deeply
            document = None
        ok = document.get("ok") if isinstance(document, dict) else None
        if not isinstance(ok, bool):
            self._unreadable.append(f"{self._place(key)} is not a verification that this version can read.")
            return None, None, True
        try:
            return ok, Verification.from_json(body), False
        except ValueError:  # the verdict counts all the same, whoever wrote it
            return ok, None, False

    def _place(self, key: str) -> str:
        return f"s3://{self._bucket.name}/{key}"


def _backup_ids(names: Iterable[str]) -> list[BackupId]:
    found = []
    for name in names:
        try:
            found.append(BackupId(name))
        except ValueError:
            continue  # somebody else's
    return found


def _reason(error: ValueError) -> str:
    """What is wrong first, without the values that pydantic would quote."""
    if not isinstance(error, ValidationError):
        return "it is not valid"
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
