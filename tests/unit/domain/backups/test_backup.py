from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from dbops.domain.backups.backup import (
    BackupId,
    BackupManifest,
    Claim,
    FileEntry,
    TableEntry,
    UnsafeFileName,
    encrypted_name,
)
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from tests.unit.samples import NOW, claim, manifest, target

ID = BackupId("20261122T020000Z")


FIRST, LAST = datetime(1000, 1, 1), datetime(9990, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone


@given(st.datetimes(FIRST, LAST, timezones=st.timezones()))
def test_the_id_of_a_moment_is_its_utc_time_to_the_second_whatever_its_zone(moment: datetime) -> None:
    assert BackupId.at(moment).time == moment.astimezone(UTC).replace(microsecond=0)


@given(st.lists(st.datetimes(FIRST, LAST).map(lambda m: m.replace(tzinfo=UTC))))
def test_ids_sort_as_their_times_do(moments: list[datetime]) -> None:
    ids = [BackupId.at(moment) for moment in moments]
    assert [i.time for i in sorted(ids)] == sorted(i.time for i in ids)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "manifest.json",
        "20261122",
        "20261122T020000",
        "20261122T020000Z ",
        "20261122T020000Z\n",
        "20261322T020000Z",
        "20261122T240000Z",
        "00010101T000000Z",  # which is no time west of Greenwich
        "99991231T235959Z",
        "20261122T250000Z",
        "20260230T020000Z",
        "2026-11-22T02:00:00Z",
        "../20261122T020000Z",
        "\u0662\u0660261122T020000Z",
    ],
)
def test_nothing_else_is_taken_for_a_backup_id(text: str) -> None:
    with pytest.raises(ValueError, match="is not a backup id; one looks like"):
        BackupId(text)


def test_a_manifest_is_read_back_as_it_was_written() -> None:
    written = manifest("20261122T020000Z")
    assert BackupManifest.from_json(written.to_json()) == written
    assert isinstance(BackupManifest.from_json(written.to_json()).backup_id, BackupId)


def test_a_manifest_of_a_newer_dbops_with_more_fields_can_still_be_read() -> None:
    body = json.loads(manifest("20261122T020000Z").to_json()) | {"invented_later": 1}
    assert BackupManifest.from_json(json.dumps(body).encode()) == manifest("20261122T020000Z")


def test_a_manifest_of_before_has_no_warnings_of_pg_dump_and_no_cluster_and_can_be_read() -> None:
    body = json.loads(manifest("20261122T020000Z").to_json())
    del body["pg_dump_warnings"], body["system_identifier"]
    assert BackupManifest.from_json(json.dumps(body).encode()) == manifest("20261122T020000Z")


@pytest.mark.parametrize(
    "change",
    [{"format": 3}, {"backup_id": "yesterday"}, {"files": None}, {"database_bytes": "many"}],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_a_manifest_of_this_format_is_refused(change: dict[str, object]) -> None:
    body = json.loads(manifest("20261122T020000Z").to_json()) | change
    with pytest.raises(ValueError, match=next(iter(change))):
        BackupManifest.from_json(json.dumps(body).encode())


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/etc/passwd", "../1.dat", "a/b", "1.dat\n", "1..dat", ".age", "a-b", "ä"]
)
def test_a_manifest_whose_file_has_the_name_of_no_backups_file_is_refused(name: str) -> None:
    body = json.loads(manifest("20261122T020000Z").to_json())
    body["files"][0]["name"] = name
    with pytest.raises(UnsafeFileName):
        BackupManifest.from_json(json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b'{"target": "shop"'])
def test_a_manifest_that_was_cut_or_is_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        BackupManifest.from_json(body)


def test_a_manifest_adds_up_what_its_files_and_tables_say() -> None:
    whole = manifest("20261122T020000Z", stored=700, rows=30)
    assert (whole.stored_bytes, whole.rows, whole.duration) == (700, 30, timedelta(minutes=5))


def test_a_manifest_knows_the_major_versions_of_server_and_program() -> None:
    made = replace(manifest(ID), server_version="16.9 (Debian 16.9-1)", pg_dump_version="18beta1")
    assert (made.server_major, made.pg_dump_major) == (16, 18)


def test_a_file_has_its_clear_name_back_once_it_is_decrypted() -> None:
    assert encrypted_name("3001.dat.zst") == "3001.dat.zst.age"
    assert FileEntry("3001.dat.zst.age", 1, "0" * 64).clear_name == "3001.dat.zst"
    assert FileEntry(".age.dat", 1, "0" * 64).clear_name == ".age.dat"


def test_a_table_whose_data_was_left_out_has_no_rows_to_add() -> None:
    left_out = TableEntry("public", "Log", None, 0)
    body = json.loads(manifest("20261122T020000Z", rows=30).to_json())
    body["tables"].append({"schema": "public", "name": "Log", "rows": None, "bytes": 0})
    read = BackupManifest.from_json(json.dumps(body).encode())
    assert left_out in read.tables
    assert read.rows == 30


def test_a_claim_is_read_back_as_it_was_written() -> None:
    assert Claim.from_json(claim(ID).to_json()) == claim(ID)


def test_a_claim_lives_as_long_as_it_is_renewed_and_a_clock_ahead_of_ours_counts_as_life() -> None:
    minute = timedelta(minutes=1)
    assert claim(ID, renewed=NOW - minute * 0.9).is_live(NOW, within=minute)
    assert not claim(ID, renewed=NOW - minute).is_live(NOW, within=minute)
    assert claim(ID, renewed=NOW + 500 * minute).is_live(NOW, within=minute)


def test_a_claim_renewed_in_another_zone_means_the_same_moment() -> None:
    vienna = timezone(timedelta(hours=1))
    assert not claim(ID, renewed=(NOW - timedelta(hours=2)).astimezone(vienna)).is_live(NOW, within=timedelta(hours=1))


def test_every_key_of_a_target_but_its_index_lies_below_its_own_root() -> None:
    layout = Layout(target("shop").root)
    keys = [
        layout.started(ID),
        layout.manifest(ID),
        layout.folder(ID),
        layout.backups,
        layout.verification(ID),
        layout.hold(ID),
        layout.holds,
        layout.audit(NOW, "expire"),
    ]
    assert all(key.startswith("team/shop/") for key in keys)
    assert len(set(keys)) == len(keys)


def test_a_target_without_a_prefix_lies_at_the_top_of_its_bucket() -> None:
    bare = target("shop", storage={"bucket": "vault"})
    assert Layout(bare.root).manifest(ID) == "shop/backups/20261122T020000Z/manifest.json"
    assert Layout(bare.root).index == "_indexes/shop.json"


def test_the_indexes_of_targets_with_the_same_prefix_share_a_folder_that_no_target_can_have() -> None:
    shop, blog = Layout("team/databases/shop/"), Layout("team/databases/blog/")
    assert shop.indexes == blog.indexes == "team/databases/_indexes/"
    assert [shop.index, blog.index] == ["team/databases/_indexes/shop.json", "team/databases/_indexes/blog.json"]
    assert shop.index_bundle == blog.index_bundle == "team/databases/_indexes/_all.jsonl"
    for taken in ("_indexes", "_all"):
        with pytest.raises(ValueError, match="a target is named by its file"):
            target(taken)


def test_the_keys_are_those_that_the_format_promises() -> None:
    layout = Layout("team/shop/")
    assert layout.started(ID) == "team/shop/backups/20261122T020000Z/started.json"
    assert layout.manifest(ID) == "team/shop/backups/20261122T020000Z/manifest.json"
    assert layout.hold(ID) == "team/shop/holds/20261122T020000Z.json"
    assert layout.verification(ID) == "team/shop/verifications/20261122T020000Z.json"
    assert layout.audit(NOW, "expire") == "team/shop/audit/20261122T120000Z-expire.json"
    assert layout.index == "team/_indexes/shop.json"


def test_what_a_run_is_called_in_airflow_can_be_part_of_a_key() -> None:
    layout = Layout("team/shop/")
    assert layout.migration("manual__2026-11-22") == "team/shop/migrations/manual__2026-11-22.json"
    assert layout.migration("a/b") == "team/shop/migrations/a=2Fb.json"
    assert layout.restore("manual__2026-11-22") == "team/shop/restores/manual__2026-11-22.json"
    assert layout.probe_migrations("20261122T060000Z") == "team/shop/probes/20261122T060000Z/migrations/"


def test_an_alert_that_was_not_taken_lies_under_its_moment_in_utc() -> None:
    layout = Layout("team/shop/")
    vienna = NOW.astimezone(timezone(timedelta(hours=1)))
    assert layout.notification("oncall", vienna) == "team/shop/notifications/oncall/20261122T120000.000000Z.json"


def test_ids_stay_ids_inside_other_records() -> None:
    hold = TypeAdapter(Hold).validate_python({"backup_id": str(ID), "until": None, "reason": "r", "by": "b"})
    assert isinstance(hold.backup_id, BackupId)
