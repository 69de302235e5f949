"""squawk: the linter of migrations, a program of its own that works offline; reads SQL, and never a database."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from dbops.domain.ledger.migration import Migration
from dbops.domain.migrations.lint_rules import LEFT_OUT, remedy_of_rule, severity_of_rule
from dbops.domain.migrations.planned import LintFinding
from dbops.domain.migrations.sql import runs_alone
from dbops.errors import PreflightFailed

_NAME = "squawk"
_TIMEOUT = 60
_FOUND_SOMETHING = 1
_REMEDY = "Install what requirements.txt has: squawk-cli is in it."


def lint(migration: Migration, *, server_major: int) -> tuple[LintFinding, ...]:
    """What it says of migration.sql, in order of lines; not meant for a baseline, which is never executed.

    Each file is one transaction but for those that are CONCURRENTLY alone. A comment ``-- squawk-ignore <rule>`` in the
    file silences a rule, before everybody's eyes. Raises PreflightFailed where the linter is missing or fails: a plan
    without remarks must mean that somebody has looked.
    """
    command = [str(_program()), "--reporter=json", f"--pg-version={server_major}.0"]
    command += [f"--exclude={','.join(LEFT_OUT)}", "--stdin-filepath=migration.sql"]
    command += [] if migration.concurrently else ["--assume-in-transaction"]
    with tempfile.TemporaryDirectory(prefix="dbops-lint-") as empty:
        # A .squawk.toml above somebody's working directory must not decide.
        configuration = Path(empty) / "squawk.toml"
        configuration.touch()
        try:
            done = subprocess.run(
                [*command, f"--config={configuration}"],
                input=migration.body,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
                cwd=empty,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PreflightFailed(f"The linter squawk could not be run: {type(error).__name__}.", _REMEDY) from None
    try:
        found = json.loads(done.stdout) if done.returncode in {0, _FOUND_SOMETHING} else None
    except ValueError:
        found = None
    if not isinstance(found, list):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise PreflightFailed(
            f"The linter squawk could not read {migration.name}: {said[0] if said else 'it said nothing'}.", _REMEDY
        )
    findings = [
        LintFinding(
            rule=one["rule_name"],
            line=one["line"] + 1,
            sentence=one["message"],
            remedy=remedy_of_rule(one["rule_name"], one["help"]),
            severity=severity_of_rule(one["rule_name"]),
        )
        for one in found
    ]
    return tuple(sorted(findings, key=lambda one: one.line))


def lint_down(migration: Migration, *, server_major: int) -> tuple[LintFinding, ...]:
    """What it calls an error in down.sql, as warnings: a way back mostly drops what its migration has made.

    Raises PreflightFailed like ``lint``.
    """
    if migration.down is None:
        return ()
    text = replace(migration, body=migration.down.encode(), concurrently=runs_alone(migration.down))
    found = lint(text, server_major=server_major)
    return tuple(replace(one, severity="warning") for one in found if one.severity == "error")


def _program() -> Path:
    """Beside the Python that runs us, where pip puts it, else on PATH."""
    beside = Path(sys.executable).parent / _NAME
    found = str(beside) if beside.is_file() else shutil.which(_NAME)
    if found is None:
        raise PreflightFailed("The linter squawk is not installed, so no migration can be checked.", _REMEDY)
    return Path(found)
