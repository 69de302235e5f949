"""Arguments: what can be asked for in a shell. Wrong ones raise InvalidRequest, so that --json answers them in JSON."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from dbops.domain.words.suggestion import did_you_mean
from dbops.errors import InvalidRequest

_DESCRIPTION = "Back up PostgreSQL databases to S3 and take care of the backups, without Airflow."
_EPILOG = """\
A target is a YAML file in include/targets; its name is the file's name. The addresses of its database and its
bucket are read from the environment, in the form Airflow takes:

  export AIRFLOW_CONN_SUMMARY_APP='postgresql://user:password@host:5432/database'
  export AIRFLOW_CONN_AWS_DEFAULT='aws://KEY:SECRET@/?endpoint_url=https%3A%2F%2Fs3.example.com'

or from DATABASE_URL where there is only one target, and from whatever boto3 finds (AWS_PROFILE, AWS_ENDPOINT_URL, ...).

exit status:
  0  done, and all is well
  1  done, and the report has something to look at
  2  the request, or a file in include/, is wrong; nothing was touched
  3  it could not be done
"""
_INVALID_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)$")


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises InvalidRequest where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        """Raise InvalidRequest, with a guess at what was meant."""
        remedy = f"`{self.prog} --help` lists what can be asked for."
        if choice := _INVALID_CHOICE.search(message):
            known = [word.strip("'") for word in choice[2].split(", ")]
            message = f'there is no verb "{choice[1]}"'
            remedy = f"{did_you_mean(choice[1], known)} {remedy}".strip()
        raise InvalidRequest(f"This cannot be asked for: {message}.", remedy)


def read_arguments(given: Sequence[str]) -> argparse.Namespace:
    """What is asked for; raises InvalidRequest where its verb is not known, or lacks something, or is told too much."""
    asked = parser().parse_args(given)
    if asked.verb == "hold":
        if asked.release and (asked.until or asked.reason):
            raise InvalidRequest("A hold is either made or released.", "Leave out --until and --reason, or --release.")
        if not asked.release and not (asked.reason or "").strip():
            raise InvalidRequest("A hold needs a reason.", 'Write for example --reason "audit until summer".')
    if asked.verb == "probe" and asked.yes and not asked.load:
        raise InvalidRequest("--yes accepts a load, and none was asked for.", "Add --load, or leave out --yes.")
    if asked.verb == "restore" and asked.as_schema and asked.schema:
        raise InvalidRequest("--as-schema names the schema already.", "Leave --schema out.")
    return asked


def parser() -> Parser:
    """The parser of the whole command line."""
    everywhere = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    _add_global(everywhere)
    whole = Parser(
        prog="python -m dbops",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.set_defaults(json=False, include=None, debug=False)
    _add_global(whole, default=argparse.SUPPRESS)
    verbs = whole.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str, summary: str, more: str, *examples: str) -> Parser:
        lines = "".join(f"  python -m dbops {example}\n" for example in examples)
        return verbs.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}. {more}".strip(),
            epilog=f"example{'s' if examples[1:] else ''}:\n{lines}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[everywhere],
            allow_abbrev=False,
        )

    verb(
        "targets",
        "list the targets, and the files that cannot be read",
        "Exit status 2 if there is such a file.",
        "targets",
        "targets --json | jq -r '.targets[].name'",
    )
    backup = verb("backup", "back up one target", "Ctrl-C stops it cleanly.", "backup summary_app")
    backups = verb("backups", "list a target's backups", "With why each is kept.", "backups summary_app")
    expire = verb(
        "expire",
        "delete the backups that the retention policy no longer keeps",
        "Also deletes what unfinished backups have left behind.",
        "expire summary_app --dry-run",
        "expire summary_app",
    )
    expire.add_argument("--dry-run", action="store_true", help="only say what would be deleted, and why")
    baseline = verb(
        "baseline",
        "write the schema and first rules of a database to files, or show what has changed since",
        "Existing files are not overwritten. Exit status 1 if the live schema is not the one in schema.yaml.",
        "baseline summary_app",
        "baseline summary_app --accept",
    )
    baseline.add_argument("--accept", action="store_true", help="update schema.yaml to the live schema")
    hold = verb(
        "hold",
        "keep one backup whatever the retention policy says",
        "It is kept until the given time, or until it is released.",
        'hold summary_app 20261122T020000Z --until 2027-06-30 --reason "audit"',
        "hold summary_app 20261122T020000Z --release",
    )
    drill = verb(
        "drill",
        "restore a backup where nothing depends on it, and prove it",
        "Uses the newest one, unless told otherwise. Exit status 1 if the proof fails.",
        "drill summary_app",
        "drill summary_app --backup 20261122T020000Z",
    )
    drill.add_argument("--backup", metavar="BACKUP", help="its id, as `backups` shows it")
    drill.add_argument("--if-due", action="store_true", help="do nothing unless drill.every asks for it")
    check = verb(
        "check",
        "check that schema and data obey the rules below include/expectations",
        "Exit status 1 if a rule is broken, or could not be evaluated.",
        "check summary_app",
        "check summary_app --full",
    )
    check.add_argument("--full", action="store_true", help="also execute what the catalog proves")
    probe = verb(
        "probe",
        "time the operations in include/sql/TARGET/probes, without changing anything",
        "Exit status 1 if one fails, is over its budget or slower than usual. With --load it uses only those that "
        "read.",
        "probe summary_app",
        "probe summary_app --load --yes",
    )
    probe.add_argument("--load", action="store_true", help="put it under load instead: 1 to 50 connections at once")
    probe.add_argument("--yes", action="store_true", help="with --load: also where it is production")
    restore = verb(
        "restore",
        "bring a backup back: beside the live database, unless told otherwise",
        "The plan is shown first. A swap asks for the target's name at a terminal; the old database is kept.",
        "restore summary_app --plan",
        "restore summary_app --table public.Summary",
        "restore summary_app --not-later-than '2026-11-22 02:00' --swap",
        "restore summary_app --swap --loaded summary_app__restore_20261122_021500",
    )
    _add_restore(restore)
    rehearse = verb(
        "rehearse",
        "see whether a restore would be allowed, and change nothing",
        "The result is kept, for the watch and the page. Exit status 1 if it would be refused.",
        "rehearse summary_app",
    )
    migrate = verb(
        "migrate",
        "apply its pending migrations as Prisma Migrate would, or create the first one",
        "The plan is shown first, and applied when the target's name is typed at a terminal, after a fresh backup. "
        "Exit status 1 if the outcome, or with --plan an obstacle, needs attention.",
        "migrate summary_app --plan",
        "migrate summary_app",
        "migrate shop --init",
    )
    what = migrate.add_mutually_exclusive_group()
    what.add_argument("--plan", action="store_true", help="only show what would be done, and change nothing")
    what.add_argument("--init", action="store_true", help="write the live schema as the first migration, for review")
    for one in (backup, backups, expire, baseline, hold, drill, check, probe, restore, rehearse, migrate):
        one.add_argument("target", metavar="TARGET", help="the target's name")
    hold.add_argument("backup_id", metavar="BACKUP", help="its id, as `backups` shows it")
    hold.add_argument("--until", metavar="WHEN", help="the last day in the target's time zone (2027-06-30), or 90d")
    hold.add_argument("--reason", metavar="TEXT", help="why; required, because somebody will ask")
    hold.add_argument("--release", action="store_true", help="remove the hold instead")
    watch = verb(
        "watch",
        "compare what every target promises with what its bucket shows",
        "Nothing is mailed from here.",
        "watch",
    )
    watch.add_argument("--heartbeat", action="store_true", help="also request each heartbeat_url if all is well")
    return whole


def _add_restore(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--plan", action="store_true", help="only show what would be done; exit status 1 if it cannot be done"
    )
    which = to.add_mutually_exclusive_group()
    which.add_argument("--backup", metavar="BACKUP", help="its id; otherwise the newest verified one")
    which.add_argument("--not-later-than", metavar="TIME", help="the newest verified one that began by then")
    which.add_argument(
        "--loaded",
        metavar="RUN",
        help="with --swap: load nothing, but swap in what this run, or its database, has loaded",
    )
    where = to.add_mutually_exclusive_group()
    where.add_argument("--swap", action="store_true", help="put it in the live one's place, once it is proven")
    where.add_argument("--into", metavar="DATABASE", help="into this empty database on the same server")
    where.add_argument("--as-schema", metavar="SCHEMA", help="this schema, under a new name, into the live database")
    to.add_argument("--schema", metavar="SCHEMA", action="append", default=[], help="only this schema; repeatable")
    to.add_argument("--table", metavar="TABLE", action="append", default=[], help="only this table; repeatable")


def _add_global(to: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    to.add_argument(
        "--json",
        action="store_true",
        default=default,
        help="print exactly one JSON document on stdout, and no progress",
    )
    to.add_argument("--include", metavar="DIR", default=default, help="the include folder, instead of DBOPS_INCLUDE")
    to.add_argument("--debug", action="store_true", default=default, help="show where an unexpected error came from")
