"""`python -m supply`: write sbom.json from the lock, with hashes and licences, and docs/licenses.md.

With the name of a FILE: only the SBOM, into that file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

from supply.licenses import PAGE, ROOT, UnknownLicenses, licenses, locked_packages, normal, page


def main(only: str = "") -> int:
    """Exit status 1 where a licence is not known; then nothing was written."""
    lock = ROOT / "requirements.txt"
    try:
        found = licenses(locked_packages(lock))
    except UnknownLicenses as error:
        sys.stderr.write(f"{error}\n")
        return 1
    program = Path(sysconfig.get_path("scripts")) / "cyclonedx-py"
    made = subprocess.run(
        [program, "requirements", "--output-reproducible", "--output-file", "-", lock],
        stdout=subprocess.PIPE,
        check=True,
    )
    bom = json.loads(made.stdout)
    for component in bom["components"]:
        component["licenses"] = [{"expression": found[normal(component["name"])]}]
        del component["description"]  # the lines of the lock again, half of the file
        for reference in component["externalReferences"]:
            reference["url"] = component["purl"]  # whichever index it comes from, the hash is what counts
    sbom = Path(only or ROOT / "sbom.json")
    sbom.write_text(json.dumps(bom, indent=1) + "\n", encoding="utf-8")
    if not only:
        PAGE.write_text(page(found), encoding="utf-8")
    sys.stdout.write(f"Wrote {sbom}: {len(bom['components'])} packages\n")
    return 0


sys.exit(main(*sys.argv[1:]))
