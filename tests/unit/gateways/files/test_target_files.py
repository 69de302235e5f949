"""A bad file below include/ takes down itself alone, and says where and why."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dbops.domain.fault import Fault
from dbops.errors import InvalidTarget, UnknownTarget
from dbops.gateways.files.target_files import TargetFiles, include_folder, read_targets
from tests.own_defaults import RECIPIENT as SOMEBODY
from tests.own_defaults import own_defaults

REPOSITORY = Path(__file__).resolve().parents[4]
DEFAULTS = """\
storage:
  bucket: backups-of-everyone
alerts:
  recipients: [dba@shop.internal]
"""


class Include:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "targets").mkdir()
        self.defaults(DEFAULTS)
        self.target("healthy", "connection: healthy\n")

    def defaults(self, text: str) -> None:
        (self.folder / "defaults.yaml").write_text(text, encoding="utf-8")

    def target(self, name: str, text: str) -> Path:
        path = self.folder / "targets" / (name if "." in name else f"{name}.yaml")
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, only: str | None = None) -> TargetFiles:
        return read_targets(self.folder, only)

    def only_fault(self) -> Fault:
        """The one fault, which has left the healthy neighbour alone."""
        files = self.read()
        assert list(files.targets) == ["healthy"]
        (fault,) = files.faults
        return fault


@pytest.fixture
def include(tmp_path: Path) -> Include:
    return Include(tmp_path)


def test_the_repositorys_own_include_folder_has_no_faults() -> None:
    files = read_targets(REPOSITORY / "include")
    assert files.faults == ()
    assert "summary_app" in files.targets


def test_every_default_that_the_defaults_file_shows_in_a_comment_is_the_one_in_force(tmp_path: Path) -> None:
    shown = (REPOSITORY / "include" / "defaults.yaml").read_text(encoding="utf-8")
    include = Include(tmp_path)
    include.target("healthy", f"connection: healthy\nalerts: {{recipients: [{SOMEBODY}]}}\n")
    include.defaults(shown)
    in_force = include.read().targets["healthy"]
    include.defaults(re.sub(r"(?m)^( *)# ( *[a-z0-9_]+:)", r"\1\2", shown))
    files = include.read()
    assert files.faults == ()
    assert files.targets["healthy"] == in_force
    assert "shrunk_by" in {*files.targets["healthy"].alerts.model_fields_set}


def test_as_it_is_shipped_nobody_is_woken_and_each_production_target_says_what_to_write_where(include: Include) -> None:
    include.defaults((REPOSITORY / "include" / "defaults.yaml").read_text(encoding="utf-8"))
    include.target("blog", "connection: blog\nalerts:\n  late_after: 12h\n")
    include.target("tried", "connection: tried\nenvironment: development\n")
    include.target("paged", "connection: paged\nalerts: {notify: [oncall]}\n")
    include.target("owned", f"connection: owned\nalerts: {{recipients: [{SOMEBODY}]}}\n")
    files = include.read()
    assert sorted(files.targets) == ["owned", "paged", "tried"]
    assert [(fault.path, fault.line) for fault in files.faults] == [
        ("targets/blog.yaml", 2),
        ("targets/healthy.yaml", None),
    ]
    (told,) = {fault.sentence for fault in files.faults}
    assert told == (
        "environment is production and nobody would hear of a failure: there are no alerts.recipients, and no "
        "alerts.notify. Write who is to be woken below alerts:, as in recipients: [you@your.domain], in the target's "
        "own file or, for all, in include/defaults.yaml, or accept it with allow: [no_recipients]"
    )


def test_one_line_more_in_what_is_shipped_is_enough_for_all_targets(include: Include) -> None:
    include.defaults(own_defaults())
    include.target("blog", "connection: blog\nalerts:\n  late_after: 12h\n")
    files = include.read()
    assert files.faults == ()
    assert {target.alerts.recipients for target in files.targets.values()} == {(SOMEBODY,)}


def test_the_recipients_of_the_sample_are_its_own() -> None:
    own = (REPOSITORY / "include" / "targets" / "summary_app.yaml").read_text(encoding="utf-8")
    (recipient,) = read_targets(REPOSITORY / "include").targets["summary_app"].alerts.recipients
    assert f"recipients: [{recipient}]" in own


def test_one_line_makes_a_target(include: Include) -> None:
    target = include.read().targets["healthy"]
    assert (target.name, target.connection, target.storage.bucket) == ("healthy", "healthy", "backups-of-everyone")


def test_sections_merge_key_by_key_and_lists_are_replaced(include: Include) -> None:
    include.defaults(DEFAULTS + "retention:\n  daily: 7\n  weekly: 4\n")
    include.target(
        "app", "connection: app\nretention: {daily: 30}\nalerts: {recipients: [app@shop.internal], late_after: 2h}"
    )
    target = include.read().targets["app"]
    assert (target.retention.daily, target.retention.weekly) == (30, 4)
    assert target.alerts.recipients == ("app@shop.internal",)
    assert target.alerts.late_after == timedelta(hours=2)


def test_a_target_may_be_all_there_is(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "app.yaml").write_text(f"connection: app\n{DEFAULTS}", encoding="utf-8")
    assert list(read_targets(tmp_path).targets) == ["app"]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (
            "connection: a\nretension:\n  daily: 1\n",
            2,
            '"retension" is not a key of a target. Did you mean "retention"?',
        ),
        ("connection: a\nretention:\n  dialy: 1\n", 3, '"dialy" is not a key below retention. Did you mean "daily"?'),
        ("connection: a\nbucket: mine\n", 2, '"bucket" is not a key of a target; it belongs below storage'),
        ("connection: a\nstorage:\n  s3:\n    atempts: 3\n", 4, 'Did you mean "attempts"?'),
        ("connection: a\nretention:\n  zzz: 1\n", 3, "The keys are last, daily, weekly, monthly, yearly"),
        ("connection: a\nname: b\n", 2, "a target is named by its file; remove this line"),
        ("description: x\n", None, "connection is missing; write the id of its Airflow connection"),
        ("connection:\n", 1, "connection is empty; give it a value or remove the line"),
        ("connection: 5\n", 1, "connection must be a text; put it in quotes"),
        ("connection: postgres://dba:secret@host/db\n", 1, "never a URL"),
        ("connection: a\ndescription: 2026-01-01\n", 2, "description must be a text; put it in quotes"),
        ("connection: a\n\nretention:\n  daily: many\n", 4, "retention.daily must be a whole number"),
        ("connection: a\nretention:\n  daily: -1\n", 3, "retention.daily must be at least 0"),
        (
            "connection: a\nmigrations:\n  lock_timeout: 0s\n",
            3,
            "migrations.lock_timeout: a time limit of the server is",
        ),
        ("connection: a\nmigrations:\n  statement_timeout: 0.9ms\n", 3, "from 1ms to 24d, and never none"),
        ("connection: a\nmigrations:\n  concurrent_timeout: 25d\n", 3, "from 1ms to 24d, and never none"),
        ("connection: a\nretention: 7\n", 2, "retention must be a section: below it, indented lines"),
        ("connection: a\nretention:\n", 2, "retention is empty"),
        ("connection: a\nalerts:\n  recipients: me@example.com\n", 3, "alerts.recipients must be a list, as in [first"),
        ("connection: a\nalerts:\n  recipients:\n    - b@c.de\n    - 5\n", 5, "alerts.recipients[2] must be a text"),
        ("connection: a\nalerts:\n  recipients: [nobody]\n", 3, "'nobody' is not an e-mail address"),
        (
            "connection: a\nalerts:\n  late_after: 26\n",
            3,
            "26 is not a duration; write a number and one of ms, s, m, h",
        ),
        ("connection: a\nbackup:\n  spool_cap: big\n", 3, "'big' is not a number of bytes"),
        ("connection: a\nbackup:\n  globals: maybe\n", 3, "backup.globals must be true or false"),
        ("connection: a\nbackup:\n  jobs: 100\n", 3, "backup.jobs must be at most 64"),
        ("connection: a\nstorage:\n  bucket: ab\n", 3, "storage.bucket must have at least 3 characters"),
        (
            "connection: a\nenvironment: prod\n",
            2,
            "environment must be one of production, staging, development. Did you",
        ),
        (
            "connection: a\nchecks:\n  severity: {missing_idex: warning}\n",
            3,
            "checks.severity: 'missing_idex' is no kind of difference. Did you mean \"missing_index\"?",
        ),
        ("connection: a\nallow: [everything]\n", 2, "allow[1] must be one of partial_backup, low_redundancy"),
        ("connection: a\ntimezone: Europe/Wien\n", 2, "'Europe/Wien' is not a time zone; write for example UTC"),
        ("connection: a\ntimezone: Europe\n", 2, "'Europe' is not a time zone"),
        ("connection: a\nschedule:\n  backup: nightly\n", 3, '"nightly" is not a cron expression, as "0 2 * * *"'),
        ('connection: a\nschedule:\n  backup: "@dayly"\n', 3, 'Did you mean "@daily"?'),
        ("connection: a\nschedule:\n  backup: 0 25 * * *\n", 3, "field hour takes 0 to 23"),
        ("connection: a\nbackup:\n  exclude_tables: [logs]\n", 3, "accept it with allow: [partial_backup]"),
        ("connection: a\nretention:\n  minimum_redundancy: 1\n", 3, "accept it with allow: [low_redundancy]"),
        ("connection: a\nalerts:\n  recipients: []\n", 3, "accept it with allow: [no_recipients]"),
        ("connection: a\nalerts:\n  recipients: [me@example.com]\n", 3, "no mail ever arrives at me@example.com"),
        ("connection: a\nconnection: b\n", 2, '"connection" is given twice, first in line 1; remove one'),
        ("connection: a\nretention:\n\tdaily: 1\n", 3, "a tab indents this line; YAML takes only spaces"),
        ("connection: a\nschedule:\n  backup: */5 * * * *\n", 3, 'needs quotes, as in "*/5 * * * *"'),
        ("connection: a\nschedule:\n  backup: @daily\n", 3, 'needs quotes, as in "@daily"'),
        ("connection: a\nalerts: [oops\n", 3, "this is not YAML"),
        ("connection: a\n---\nconnection: b\n", 2, "a second document begins here; remove the line ---"),
        ("connection: a\nalerts: &mine\n  late_after: 1h\nbackup: *mine\n", 2, "an alias (*name) is not supported"),
        ("connection: a\nalerts:\n  <<: {late_after: 1h}\n", 3, "what several targets share belongs in defaults.yaml"),
        ("connection: !!python/name:os.system x\n", 1, "a tag that is not supported"),
        ("connection: a\ndescription: 2026-02-31\n", 2, "this value cannot be read"),
        ("connection: a\x01\n", 1, "there is a character that YAML does not allow"),
        ("- connection: a\n", 1, "this is not a mapping; write lines such as connection: summary_app"),
        ("nonsense\n", 1, "this is not a mapping"),
        ("", None, "connection is missing"),
        ("# nothing but a comment\n", None, "connection is missing"),
    ],
)
def test_a_bad_file_is_one_fault_with_its_line_and_a_sentence(
    include: Include, text: str, line: int | None, sentence: str
) -> None:
    include.target("bad", text)
    fault = include.only_fault()
    assert (fault.path, fault.line) == ("targets/bad.yaml", line)
    assert sentence in fault.sentence


def test_a_connection_url_in_a_file_is_refused_and_its_password_not_repeated(include: Include) -> None:
    include.target("bad", "connection: postgres://dba:hunter2@host/db\n")
    assert "hunter2" not in str(include.only_fault())


RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


@pytest.mark.parametrize(
    ("section", "line", "sentence"),
    [
        (
            f"  recipients:\n    - {RECIPIENT}\n    - {RECIPIENT[:-1]}q",
            5,
            "recipients[2]: this is not an age public key",
        ),
        ("  recipients: [AGE-SECRET-KEY-1QQQQ]", 3, "recipients[1]: this is a secret key"),
        (f"  recipients: [{RECIPIENT}]\n  identities: [AGE-SECRET-KEY-1QQQQ]", 4, "identities[1]: this is a secret"),
        ("  recipients:", 3, "encryption.recipients is empty"),
        ("  identities: [backup_key]", 2, "encryption.recipients is missing; write who can decrypt"),
        (f"  recipient: [{RECIPIENT}]", 3, 'Did you mean "recipients"?'),
        (f"  recipients: {RECIPIENT}", 3, "encryption.recipients must be a list"),
        (f"  recipients: [{RECIPIENT}]\n  identities: ['generic://:AGE-SECRET-KEY-1QQQQ@']", 4, "never a URL"),
    ],
)
def test_a_recipient_that_is_wrong_or_missing_is_a_fault_with_its_line(
    include: Include, section: str, line: int, sentence: str
) -> None:
    include.target("shop", f"connection: shop\nencryption:\n{section}\n")
    faults = [fault for fault in include.read().faults if sentence in fault.sentence]
    assert [(fault.path, fault.line) for fault in faults] == [("targets/shop.yaml", line)]
    assert "QQQQ" not in str(include.read().faults)


def test_who_can_decrypt_is_said_once_for_all_targets_and_taken_back_for_one(include: Include) -> None:
    include.defaults(f"{DEFAULTS}encryption:\n  recipients: [{RECIPIENT}]\n  identities: [backup_key]\n")
    include.target("open", "connection: open\nencryption:\n  recipients: []\n")
    targets = include.read().targets
    assert targets["healthy"].encryption.recipients == (RECIPIENT,)
    assert targets["open"].encryption.recipients == ()
    assert targets["open"].encryption.identities == ("backup_key",)


def test_every_error_of_a_file_is_told_at_once(include: Include) -> None:
    include.target("bad", "conection: a\nretention:\n  daily: x\n")
    assert sorted((fault.line or 0) for fault in include.read().faults) == [0, 1, 3]


def test_a_file_that_is_not_utf8_is_a_fault(include: Include) -> None:
    include.target("bad", "").write_bytes(b"connection: a\ndescription: f\xfcr alle\n")
    assert include.only_fault() == Fault("targets/bad.yaml", 2, "this is not UTF-8 text; save the file as UTF-8")


def test_a_byte_order_mark_is_no_fault(include: Include) -> None:
    include.target("app", "").write_bytes(b"\xef\xbb\xbfconnection: app\n")
    assert include.read().faults == ()


@pytest.mark.parametrize("name", ["Bad", "my-app", "1st", "ümlaut", "a" * 64])
def test_a_file_name_that_cannot_name_a_target_is_a_fault(include: Include, name: str) -> None:
    include.target(name, "connection: a\n")
    fault = include.only_fault()
    assert "a target is named by its file: lower-case letters, digits and _" in fault.sentence


def test_names_that_differ_only_in_case_are_never_two_targets(include: Include) -> None:
    include.target("Healthy", "connection: other\n")
    assert include.only_fault().path == "targets/Healthy.yaml"


@pytest.mark.parametrize("name", ["app.yml", "app.YAML", "healthy.yml"])
def test_a_file_with_another_ending_is_asked_to_be_renamed(include: Include, name: str) -> None:
    include.target(name, "connection: a\n")
    fault = include.only_fault()
    assert fault.path == f"targets/{name}"
    assert "rename it to .yaml" in fault.sentence


@pytest.mark.parametrize("name", [".healthy.yaml", "healthy.yaml.bak", "README.md", "#healthy.yaml#"])
def test_what_editors_leave_behind_is_not_read(include: Include, name: str) -> None:
    include.target(name, "nonsense")
    assert include.read().faults == ()


def test_a_symbolic_link_to_nothing_is_a_fault(include: Include) -> None:
    (include.folder / "targets" / "bad.yaml").symlink_to("nowhere.yaml")
    assert "a symbolic link to a file that does not exist" in include.only_fault().sentence


def test_a_symbolic_link_to_a_file_is_read(include: Include, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("connection: app\n", encoding="utf-8")
    (include.folder / "targets" / "app.yaml").symlink_to(tmp_path / "elsewhere")
    assert set(include.read().targets) == {"app", "healthy"}


def test_a_folder_in_the_place_of_a_file_is_a_fault(include: Include) -> None:
    (include.folder / "targets" / "bad.yaml").mkdir()
    assert "cannot be read (Is a directory)" in include.only_fault().sentence


@pytest.fixture
def as_ordinary_user() -> Iterator[None]:
    """The superuser may read everything; the rest of the test runs as somebody who may not."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


def test_a_file_without_read_permission_is_a_fault(as_ordinary_user: None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        include = Include(Path(folder))
        include.target("bad", "connection: a\n").chmod(0)
        assert "cannot be read (Permission denied)" in include.only_fault().sentence


def test_a_missing_targets_folder_is_a_fault(tmp_path: Path) -> None:
    (fault,) = read_targets(tmp_path).faults
    assert "create it, with one YAML file for each target" in fault.sentence


def test_an_error_in_the_defaults_is_told_once_and_there(include: Include) -> None:
    include.defaults(DEFAULTS + "retention:\n  daily: x\n")
    include.target("other", "connection: other\n")
    files = include.read()
    assert files.targets == {}
    assert files.faults == (Fault("defaults.yaml", 6, "retention.daily must be a whole number"),)


def test_a_target_that_overrides_a_bad_default_lives(include: Include) -> None:
    include.defaults(DEFAULTS + "retention:\n  daily: x\n")
    include.target("other", "connection: other\nretention:\n  daily: 9\n")
    files = include.read()
    assert list(files.targets) == ["other"]
    assert [fault.path for fault in files.faults] == ["defaults.yaml"]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("storage: [", 2, "this is not YAML"),
        ("connection: app\n", 1, "connection has no default"),
        ("owner: dba\nname: app\n", 2, "name has no default"),
    ],
)
def test_defaults_that_cannot_be_used_at_all_are_the_only_fault(
    include: Include, text: str, line: int, sentence: str
) -> None:
    include.defaults(text)
    files = include.read()
    (fault,) = files.faults
    assert files.targets == {}
    assert (fault.path, sentence in fault.sentence) == ("defaults.yaml", True)


def test_a_danger_that_lies_in_the_defaults_is_told_there(include: Include) -> None:
    include.defaults(DEFAULTS.replace(f"[{SOMEBODY}]", "[]"))
    include.target("relaxed", "connection: relaxed\nenvironment: development\n")
    files = include.read()
    assert list(files.targets) == ["relaxed"]
    (fault,) = files.faults
    assert (fault.path, fault.line) == ("defaults.yaml", 4)


def test_a_target_inside_another_targets_prefix_is_at_fault_and_the_other_is_named(include: Include) -> None:
    include.target("inner", "connection: inner\nstorage:\n  prefix: healthy/backups\n")
    fault = include.only_fault()
    assert (fault.path, fault.line) == ("targets/inner.yaml", 3)
    assert "inside those of target healthy" in fault.sentence


@pytest.mark.parametrize("prefix", ["_indexes", "team/_indexes", "_indexes/team"])
def test_a_prefix_in_the_folder_of_indexes_is_at_fault(include: Include, prefix: str) -> None:
    include.target("inner", f"connection: inner\nstorage:\n  prefix: {prefix}\n")
    (fault,) = include.read().faults
    assert "_indexes is the folder of the indexes: choose another name" in fault.sentence


def test_the_same_prefix_in_another_bucket_is_no_fault(include: Include) -> None:
    include.target("inner", "connection: inner\nstorage:\n  bucket: another\n  prefix: healthy\n")
    assert include.read().faults == ()


def test_targets_below_one_common_prefix_are_no_fault(include: Include) -> None:
    include.defaults(DEFAULTS.replace("storage:", "storage:\n  prefix: team"))
    include.target("health", "connection: other\n")
    assert include.read().faults == ()


def test_only_one_targets_file_is_read_where_one_is_asked_for(include: Include) -> None:
    include.target("bad", "nonsense")
    assert include.read(only="healthy") == TargetFiles({"healthy": include.read().targets["healthy"]}, ())
    assert len(include.read(only="bad").faults) == 1
    assert include.read(only="absent") == TargetFiles({}, ())


@pytest.mark.parametrize("name", ["../targets/healthy", "x/../healthy", "./healthy", ""])
def test_a_name_that_is_a_path_is_not_followed(include: Include, name: str) -> None:
    (include.folder / "targets" / "x").mkdir()
    assert include.read(only=name) == TargetFiles({}, ())


def test_asking_for_a_target_gives_it_or_says_why_not(include: Include) -> None:
    include.target("bad", "nonsense")
    files = include.read()
    assert files.target("healthy").name == "healthy"
    with pytest.raises(UnknownTarget, match='no target "helthy"') as unknown:
        files.target("helthy")
    assert unknown.value.remedy == 'Did you mean "healthy"?'
    with pytest.raises(UnknownTarget, match="There is: healthy"):
        files.target("xyz")
    with pytest.raises(InvalidTarget, match=r"targets/bad\.yaml:1: this is not a mapping"):
        files.target("bad")


def test_a_target_that_a_bad_default_takes_down_says_so(include: Include) -> None:
    include.defaults(DEFAULTS + "retension: 1\n")
    with pytest.raises(InvalidTarget, match=r"defaults\.yaml:5"):
        include.read().target("healthy")


def test_the_include_folder_lies_beside_plugins_unless_it_is_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DBOPS_INCLUDE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert include_folder() == REPOSITORY / "include"
    monkeypatch.setenv("DBOPS_INCLUDE", "/elsewhere")
    assert include_folder() == Path("/elsewhere")


def test_installed_from_the_wheel_the_include_folder_lies_in_airflow_s_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DBOPS_INCLUDE", raising=False)
    monkeypatch.setattr("dbops.gateways.files.target_files.PROJECT", tmp_path)
    monkeypatch.setenv("AIRFLOW_HOME", "/opt/airflow")
    assert include_folder() == Path("/opt/airflow/include")
    monkeypatch.delenv("AIRFLOW_HOME")
    monkeypatch.setenv("HOME", "/home/dba")
    assert include_folder() == Path("/home/dba/airflow/include")


def test_reading_targets_imports_nothing_heavy() -> None:
    program = (
        "import sys; from dbops.gateways.files.target_files import include_folder, read_targets; "
        "assert read_targets(include_folder()).targets; "
        "heavy = {'sqlalchemy', 'boto3', 'botocore', 'psycopg', 'psycopg2', 'pandas', 'jinja2', 'rich', 'airflow', "
        "'great_expectations', 'backports.zstd', 'numpy'}; print(sorted(heavy & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_target_knows_whether_it_has_rules_and_probes(include: Include) -> None:
    include.target("shop", "connection: shop\n")
    (include.folder / "expectations/shop").mkdir(parents=True)
    (include.folder / "sql/healthy/probes").mkdir(parents=True)
    (include.folder / "sql/healthy/probes/one.sql").write_text("SELECT 1")
    found = include.read().targets
    assert {name: (one.has_rules, one.has_probes) for name, one in found.items()} == {
        "healthy": (False, True),
        "shop": (True, False),
    }


def test_rules_that_cannot_be_looked_at_are_there_and_hinder_no_backup(
    include: Include, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_dir", refuse)
    assert include.read().targets["healthy"].has_rules
