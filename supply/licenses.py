"""licenses: the licence of every locked package as an SPDX expression, and the page that lists them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/licenses.md"

ACCEPTED = frozenset(
    {
        *(
            "0BSD",
            "Apache-2.0",
            "Artistic-1.0-Perl",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "CC0-1.0",
            "CNRI-Python",
            "ISC",
            "MIT",
        ),
        *("MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "ZPL-2.1", "Zlib"),
        *("LGPL-3.0-only", "LGPL-3.0-or-later"),  # psycopg and psycopg2, imported and not changed
    }
)
"""What whoever runs or passes on dbops need not ask a lawyer about; another one is for a human to add."""

# As packages wrote before there were SPDX expressions.
_SPELLINGS = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mit -or- apache license 2.0": "MIT OR Apache-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
# Read in the package itself, its licence file or its own words: its metadata say less, or say it as a whole text.
_READ = {
    "altair": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "contourpy": "BSD-3-Clause",
    "cycler": "BSD-3-Clause",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "matplotlib": "PSF-2.0",
    "pathlib-abc": "PSF-2.0",
    "psycopg2-binary": "LGPL-3.0-or-later",
    "pyrage": "MIT",
    "python-daemon": "Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "pyyaml-ft": "MIT",  # only for a Python without the global lock
    "scipy": "BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
    "text-unidecode": "Artistic-1.0-Perl",  # at our choice; else the GPL
}


class UnknownLicenses(Exception):
    """Packages whose licence nobody knows, or nobody has accepted."""


def normal(name: str) -> str:
    """A package's name as every index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_packages(lock: Path) -> list[str]:
    """The names in a lock, each once, in order."""
    return sorted({normal(name) for name in re.findall(r"^(\w[\w.-]*)(?:\[\S+\])?==", lock.read_text(), re.MULTILINE)})


def license_of(package: str) -> str:
    """Its SPDX expression; empty where it is not installed, or says nothing that is known."""
    if package in _READ:
        return _READ[package]
    try:
        about = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return ""
    named = [text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or [] if "License ::" in text]
    only = named if len(named) == 1 else []  # of several nobody knows whether all of them hold, or one
    for said in (*(about.get_all(field) or [""] for field in ("License-Expression", "License")), only):
        expression = _expression(next(iter(said), ""))
        if expression:
            return expression
    return ""


def licenses(packages: Iterable[str]) -> dict[str, str]:
    """The licence of each; raises UnknownLicenses, which names all that are not known or not accepted."""
    found = {package: license_of(package) for package in packages}
    bad = [f"{name} ({said or 'none that is known'})" for name, said in found.items() if not is_accepted(said)]
    if bad:
        raise UnknownLicenses(
            f"Nobody has accepted the licence of {', '.join(bad)}. Read it in the package, and add it to "
            "supply/licenses.py, or do without the package."
        )
    return found


def is_accepted(expression: str) -> bool:
    """Whether every part of an AND is accepted, and one part of an OR; one with brackets is for a human to read."""
    return "(" not in expression and any(
        all(part.partition(" WITH ")[0] in ACCEPTED for part in one.split(" AND ")) for one in expression.split(" OR ")
    )


def page(found: Mapping[str, str]) -> str:
    """docs/licenses.md."""
    count = Counter(found.values())
    lines = [
        "# Licences",
        "",
        "Of every package in `requirements.txt`, which is what production installs; dbops itself is under the",
        "[Apache License 2.0](../LICENSE). Written by `make sbom`, and held to the lock by a test: a new package whose",
        "licence nobody has accepted fails it. [SECURITY.md](../SECURITY.md) has the rest.",
        "",
        "| licence | packages |",
        "| --- | --- |",
        *(f"| {name} | {number} |" for name, number in sorted(count.items(), key=lambda one: (-one[1], one[0]))),
        "",
        "| package | licence |",
        "| --- | --- |",
        *(f"| {name} | {said} |" for name, said in sorted(found.items())),
    ]
    return "\n".join(lines) + "\n"


def _expression(said: str) -> str:
    said = said.strip()
    known = _SPELLINGS.get(said.lower(), said)
    return known if re.fullmatch(r"[\w.+() -]{2,120}", known) and is_accepted(known) else ""
