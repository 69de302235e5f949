"""Promise: what backs up, drills or restores leaves behind an index that tells it, as if it had just been rebuilt."""

from __future__ import annotations

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.target_indexes import build_index, read_index
from tests.backups import execute
from tests.drills import Ground
from tests.loading import SHOP
from tests.restoring import Restoring


def rebuilt(bucket: S3Bucket, target: Target) -> TargetIndex:
    """The index that lies there, which is what the bucket holds."""
    index = read_index(bucket, target)
    assert index is not None
    assert index == build_index(bucket, target, index.written)
    return index


def test_a_backup_is_in_the_index_when_it_is_done_and_so_is_the_verdict_of_its_drill(
    ground: Ground, empty_database: str
) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)

    [backup] = rebuilt(ground.loader.bucket, ground.target).backups
    assert (backup.backup_id, backup.verified) == (ground.loader.backup_id, None)
    assert backup.rows > 0
    assert backup.database_bytes > backup.stored_bytes > 0

    proof = ground.drill().verification

    assert proof is not None
    index = rebuilt(ground.loader.bucket, ground.target)
    assert [(one.verified, one.recovery_seconds) for one in index.backups] == [(True, proof.recovery_seconds)]
    assert index.last_proof is not None
    assert (index.last_proof.kind, index.last_proof.finished) == ("drill", proof.finished)


def test_a_bad_verdict_is_in_the_index_with_its_first_error(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    ground.loader.damage("toc.dat")

    ground.drill()

    index = rebuilt(ground.loader.bucket, ground.target)
    assert [backup.is_good for backup in index.backups] == [False]
    assert index.last_proof is None
    assert index.last_verdict is not None
    assert "toc.dat is damaged" in index.last_verdict.sentence


def test_a_restore_that_was_proven_is_in_the_index(restoring: Restoring) -> None:
    restoring.restored()

    index = rebuilt(restoring.loader.bucket, restoring.target)

    assert index.last_proof is not None
    assert index.last_proof.kind == "restore"
