"""Claims: a backup claims its id before anything else, and keeps saying that it is alive."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType

import dbops
from dbops.domain.backups.backup import BackupId, Claim
from dbops.domain.backups.catalog import Catalog
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.errors import BucketError, ObjectExists
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.catalogs import read_claim

LIVE_WITHIN = timedelta(minutes=2)
RENEW_EVERY = timedelta(seconds=20)

_TRIES = 60
_A_SECOND = timedelta(seconds=1)
_PATIENCE = 5.0

log = logging.getLogger(__name__)


class HeldClaim:
    """The claim of a running backup: within ``with``, a thread renews it; ``renewal_failure`` is None or the last one.

    A renewal that fails is logged when it is the first of its row, and never raised: the upload itself will find out
    whether the store is gone.
    """

    def __init__(
        self, bucket: Bucket, key: str, claim: Claim, clock: Callable[[], datetime], renew_every: timedelta
    ) -> None:
        self.claim = claim
        self.renewal_failure: BucketError | None = None
        self._bucket, self._key, self._clock, self._renew_every = bucket, key, clock, renew_every
        self._over = threading.Event()
        self._renewals = threading.Thread(target=self._keep_renewing, name=f"claim {claim.backup_id}", daemon=True)

    @property
    def backup_id(self) -> BackupId:
        """The claimed id."""
        return self.claim.backup_id

    def release(self) -> None:
        """Stop renewing and delete the claim, for a backup that has left nothing else; then its id is free again."""
        self._stop()
        self._bucket.delete(self._key)

    def __enter__(self) -> HeldClaim:
        self._renewals.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._over.set()
        if self._renewals.is_alive():
            self._renewals.join(_PATIENCE)  # one that hangs in a slow store must not keep a cancelled task alive

    def _keep_renewing(self) -> None:
        while not self._over.wait(self._renew_every.total_seconds()):
            self._renew()

    def _renew(self) -> None:
        self.claim = replace(self.claim, renewed=self._clock())
        try:
            self._bucket.put(self._key, self.claim.to_json())
        except BucketError as error:
            if self.renewal_failure is None:
                log.warning("The claim of backup %s could not be renewed: %s", self.backup_id, error)
            self.renewal_failure = error
        else:
            self.renewal_failure = None


def claim(
    bucket: Bucket,
    layout: Layout,
    target_name: str,
    *,
    run: str,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object] = time.sleep,
    renew_every: timedelta = RENEW_EVERY,
) -> HeldClaim:
    """Claim the id of this second, or of the next that is free; raises BucketError where a minute of them is taken."""
    earliest = clock()
    for _ in range(_TRIES):
        now = clock()
        backup_id = BackupId.at(max(now, earliest))
        wanted = Claim(
            target=target_name,
            backup_id=backup_id,
            run=run,
            host=socket.gethostname(),
            pid=os.getpid(),
            renewed=now,
            tool_version=dbops.__version__,
        )
        try:
            bucket.create(layout.started(backup_id), wanted.to_json())
        except ObjectExists:
            earliest = backup_id.time + _A_SECOND
            sleep(_A_SECOND.total_seconds())
        else:
            return HeldClaim(bucket, layout.started(backup_id), wanted, clock, renew_every)
    raise BucketError(
        f"No backup id of {target_name} was free: {_TRIES} in a row are claimed, the last is {backup_id}.",
        f"See below s3://{bucket.name}/{layout.backups} who claims them, and check this machine's clock.",
    )


def other_live_claims(
    bucket: Bucket, target: Target, catalog: Catalog, *, now: datetime, mine: BackupId | None
) -> tuple[Claim, ...]:
    """The claims of other backups of the target that may still be running, by id.

    One is live for two minutes after its last renewal, unless it is of this machine and its process is gone. With
    ``mine`` in the catalog also one that the store, by its own clock, was given less than two minutes before that: the
    clocks of two workers may differ by more. The catalog may be a moment old: what it shows as live is read again.
    """
    claimed = next((leftover.last_written for leftover in catalog.leftovers if leftover.backup_id == mine), None)
    live = []
    for leftover in catalog.leftovers:
        beside_mine = claimed is not None and claimed - leftover.last_written < LIVE_WITHIN
        if leftover.backup_id == mine or leftover.claim is None or not _may_run(leftover.claim, now, beside_mine):
            continue
        current = read_claim(bucket, target, leftover.backup_id)
        if current is not None and _may_run(current, now, beside_mine):
            live.append(current)
    return tuple(live)


def _may_run(claim: Claim, now: datetime, beside_mine: bool) -> bool:
    return (beside_mine or claim.is_live(now, within=LIVE_WITHIN)) and not _is_provably_dead(claim)


def _is_provably_dead(claim: Claim) -> bool:
    if claim.host != socket.gethostname():
        return False
    try:
        os.kill(claim.pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
