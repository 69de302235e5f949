"""What is promised of the supply chain: every package of production has a licence that somebody has accepted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from supply.licenses import PAGE, ROOT, UnknownLicenses, is_accepted, license_of, licenses, locked_packages, page

LOCK = ROOT / "requirements.txt"


def test_the_page_is_the_lock_with_the_licences_that_the_packages_declare() -> None:
    assert PAGE.read_text("utf-8") == page(licenses(locked_packages(LOCK))), "run make sbom"


def test_a_new_package_with_an_unknown_licence_is_refused_by_name(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"{LOCK.read_text()}nobody-knows-it==1.0 \\\n    --hash=sha256:00\n")
    with pytest.raises(UnknownLicenses, match=r"licence of nobody-knows-it \(none that is known\)\. Read it"):
        licenses(locked_packages(lock))


@pytest.mark.parametrize(
    ("expression", "accepted"),
    [
        ("MIT", True),
        ("MPL-2.0 AND MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND AGPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", False),
        ("GPL-3.0-only AND (BSD-3-Clause OR MIT OR ISC)", False),
        ("(MIT)", False),  # what brackets mean is for a human to read
        ("", False),
    ],
)
def test_of_alternatives_one_has_to_be_accepted_and_of_what_comes_together_all(expression: str, accepted: bool) -> None:
    assert is_accepted(expression) is accepted


def test_what_a_package_declares_counts() -> None:
    assert (license_of("boto3"), license_of("h11"), license_of("squawk-cli")) == (
        "Apache-2.0",
        "MIT",
        "Apache-2.0 OR MIT",
    )


def test_the_sbom_has_every_locked_package_with_its_hashes_and_its_licence(tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    subprocess.run([sys.executable, "-m", "supply", str(out)], cwd=ROOT, check=True, timeout=120)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(out.read_text()) is None
    bom = json.loads(out.read_text())
    assert bom["bomFormat"] == "CycloneDX"
    assert {component["name"] for component in bom["components"]} == set(locked_packages(LOCK))
    for component in bom["components"]:
        assert component["version"]
        assert component["licenses"], component["name"]
        assert component["externalReferences"][0]["hashes"], component["name"]
        for reference in component["externalReferences"]:  # the validator reads no address: requirements-without.in
            assert re.fullmatch(r"pkg:pypi/[a-z0-9._-]+@[\w.!+%-]+", reference["url"], re.ASCII), reference
    assert "https://" not in json.dumps([component["externalReferences"] for component in bom["components"]])
