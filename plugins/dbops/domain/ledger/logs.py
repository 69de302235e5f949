"""What the ledger's column ``logs`` says of a migration that failed, in Prisma's words."""

from __future__ import annotations

_FAILED = (
    "A migration failed to apply. New migrations cannot be applied before the error is recovered from. "
    "Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve"
)


def failure_logs(name: str, code: str | None, said: str) -> str:
    """What Prisma writes of the migration ``name``: the SQLSTATE, if any, and what the server ``said`` first.

    Of what the server said only the first line is kept: the details below it may quote rows.
    """
    first = next((line.strip() for line in said.splitlines() if line.strip()), "no reason was given")
    return "\n\n".join(
        [
            _FAILED,
            f"Migration name: {name}",
            *([f"Database error code: {code}"] if code else []),
            f"Database error:\nERROR: {first.removeprefix('ERROR:').strip()}",
        ]
    )
