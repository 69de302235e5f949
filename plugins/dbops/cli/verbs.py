"""Verbs: each calls one job with what the shell knows, and gives back its result."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace

from dbops.cli import listings
from dbops.cli.hold import hold_verb
from dbops.cli.screen import Screen, VerbResult
from dbops.cli.surroundings import Surroundings
from dbops.domain.backups.backup import read_backup_id
from dbops.domain.target import Target
from dbops.gateways.files.notifier_files import notifier_faults, read_notifiers
from dbops.gateways.files.retired_files import read_included_names
from dbops.gateways.files.target_files import TargetFiles, read_targets


def run_verb(asked: Namespace, around: Surroundings, screen: Screen) -> VerbResult:
    """Do what was asked for; raises DbopsError."""
    files = read_targets(around.include)
    if asked.verb == "targets":
        wrong = notifier_faults(around.include, files.targets.values(), read_notifiers(around.include))
        _, of_retired = read_included_names(around.include)
        files = replace(files, faults=(*files.faults, *wrong, *of_retired))
        return VerbResult(
            listings.targets_document(files), lambda: listings.targets_shown(files), 2 if files.faults else 0
        )
    if asked.verb == "watch":
        return _watch(files, around, heartbeat=asked.heartbeat)
    target = files.target(asked.target)
    doing: dict[str, Callable[[], VerbResult]] = {
        "backup": lambda: _backup(target, around, screen),
        "baseline": lambda: _baseline(target, around, screen, accept=asked.accept),
        "backups": lambda: _backups(target, around),
        "expire": lambda: _expire(target, around, dry_run=asked.dry_run),
        "drill": lambda: _drill(target, around, screen, asked),
        "hold": lambda: _hold(target, around, asked),
        "rehearse": lambda: _rehearse(target, around),
        "restore": lambda: _restore(target, around, screen, asked),
        "check": lambda: _check(target, around, screen, asked),
        "probe": lambda: _probe(target, around, screen, asked),
        "migrate": lambda: _migrate(target, files, around, screen, asked),
    }
    return doing[asked.verb]()


def _backup(target: Target, around: Surroundings, screen: Screen) -> VerbResult:
    from dbops.jobs.backups.back_up import back_up

    address, bucket = around.database_address(target), around.open_bucket(target)
    screen.tell(f"Backing up {address} to s3://{bucket.name}/{target.root}")
    if address.pooler_hint:
        screen.tell(f"note: {address.pooler_hint}")
    with screen.progress() as on_progress:
        report = back_up(
            target, address, bucket, run=f"shell of {around.who}", clock=around.clock, on_progress=on_progress
        )
    return VerbResult.of(report)


def _baseline(target: Target, around: Surroundings, screen: Screen, *, accept: bool) -> VerbResult:
    from dbops.jobs.checks.baseline import baseline

    address = around.database_address(target)
    return VerbResult.of(baseline(target, address, around.include, clock=around.clock, accept=accept, tell=screen.tell))


def _backups(target: Target, around: Surroundings) -> VerbResult:
    from dbops.gateways.store.backup_listings import read_listing

    now = around.clock()
    listing = read_listing(around.open_bucket(target.hurried), target, now)
    plan = listing.plan_retention(target.retention, now, target.zone)
    document = listings.backups_document(target, listing, plan)
    return VerbResult(
        document, lambda: listings.backups_shown(target, listing, plan, now), 1 if listing.unreadable else 0
    )


def _expire(target: Target, around: Surroundings, *, dry_run: bool) -> VerbResult:
    from dbops.jobs.backups.expire import expire

    bucket = around.open_bucket(target.expiring.hurried if dry_run else target.expiring)
    return VerbResult.of(expire(target, bucket, clock=around.clock, dry_run=dry_run, run=f"shell of {around.who}"))


def _hold(target: Target, around: Surroundings, asked: Namespace) -> VerbResult:
    bucket = around.open_bucket(target.expiring if asked.release else target)
    return hold_verb(target, bucket, asked, who=around.who, clock=around.clock)


def _drill(target: Target, around: Surroundings, screen: Screen, asked: Namespace) -> VerbResult:
    from dbops.jobs.backups.drill import drill

    bucket = around.open_bucket(target)
    with screen.loading() as on_progress:
        report = drill(
            target,
            bucket,
            run=f"shell of {around.who}",
            clock=around.clock,
            scratch=around.scratch_address(target),
            identities=lambda: around.identities(target),
            force=not asked.if_due,
            backup_id=read_backup_id(asked.backup) if asked.backup else None,
            on_progress=on_progress,
        )
    return VerbResult.of(report)


def _check(target: Target, around: Surroundings, screen: Screen, asked: Namespace) -> VerbResult:
    from dbops.jobs.checks.check import check

    screen.tell(f"Checking {target.name}")
    report = check(
        target,
        around.database_address(target),
        around.open_bucket(target),
        include=around.include,
        run=f"shell of {around.who}",
        clock=around.clock,
        full=True if asked.full else None,
        probing=around.probing_address(target),
    )
    return VerbResult.of(report)


def _probe(target: Target, around: Surroundings, screen: Screen, asked: Namespace) -> VerbResult:
    from dbops.cli.probe import probe_verb

    return VerbResult.of(
        probe_verb(
            target,
            around.database_address(target),
            around.probing_address(target),
            around.open_bucket,
            asked,
            include=around.include,
            who=around.who,
            clock=around.clock,
            tell=screen.tell,
        )
    )


def _migrate(target: Target, files: TargetFiles, around: Surroundings, screen: Screen, asked: Namespace) -> VerbResult:
    from dbops.cli.migrate import migrate_verb

    return migrate_verb(
        target,
        around.migrating_address(target),
        around.open_bucket,
        asked,
        screen,
        include=around.include,
        scratch=around.scratch_address(target),
        address_of_target=lambda name: around.database_address(files.target(name)),
        who=around.who,
        clock=around.clock,
    )


def _restore(target: Target, around: Surroundings, screen: Screen, asked: Namespace) -> VerbResult:
    from dbops.cli.restore import restore_verb

    return restore_verb(
        target,
        around.restore_place(target),
        around.open_bucket(target.hurried if asked.plan else target),
        asked,
        screen,
        who=around.who,
        clock=around.clock,
    )


def _rehearse(target: Target, around: Surroundings) -> VerbResult:
    from dbops.cli.rehearse import rehearse_verb

    bucket = around.open_bucket(target.hurried)
    return rehearse_verb(target, bucket, lambda: around.restore_place(target), clock=around.clock)


def _watch(files: TargetFiles, around: Surroundings, *, heartbeat: bool) -> VerbResult:
    from dbops.domain.watch.known_targets import KnownTargets
    from dbops.domain.watch.notification import notifier_problem
    from dbops.domain.watch.retired import retired_problem
    from dbops.gateways.alerting.heartbeat import ping
    from dbops.jobs.watch.lost_alerts import lost_alerts
    from dbops.jobs.watch.read_left import read_left
    from dbops.jobs.watch.watch import watch

    targets = files.targets.values()
    names, of_retired = read_included_names(around.include)
    lost = lost_alerts(read_left(targets, around.open_bucket), around.open_bucket, around.clock())
    report = watch(
        list(targets),
        files.faults,
        around.open_bucket,
        clock=around.clock,
        memory={},
        names=names,
        known=KnownTargets(),
        # A person who looks is no proof that Airflow's hourly watch lives, and that is what the outside listens for.
        ping=ping if heartbeat else lambda _url: None,
        exists=lambda target, name: around.restore_place(target).exists(target, name),
        noticed=[
            *map(notifier_problem, notifier_faults(around.include, targets, read_notifiers(around.include))),
            *map(retired_problem, of_retired),
            *(each.problem for each in lost),
        ],
    )
    return VerbResult.of(report)
