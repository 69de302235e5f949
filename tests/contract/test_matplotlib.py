"""Only the charts know matplotlib, it comes when one is drawn, and it leaves nothing behind and says nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_IMPORT = """
import importlib, json, pkgutil, sys
import dbops
names = [module.name for module in pkgutil.walk_packages(dbops.__path__, "dbops.", onerror=lambda name: None)]
# Their packages are imported: what they do on demand is below them.
lazy = ("dbops.gateways.probe_charts.", "dbops.gateways.validator.")
names = [name for name in names if not name.startswith(lazy) and not name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(json.dumps({"imported": names, "charts": sorted({"matplotlib", "PIL"} & set(sys.modules))}))
"""

_DRAW = """
import json, os, sys
from dbops.gateways.probe_charts import overview_chart
from tests.probing_runs import bad_week
before = dict(os.environ)
png = overview_chart(bad_week())
print(json.dumps({"bytes": len(png), "pyplot": "matplotlib.pyplot" in sys.modules, "same": before == dict(os.environ)}))
"""


def _python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"}
    paths = os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**inherited, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_importing_all_of_dbops_imports_no_matplotlib() -> None:
    seen = json.loads(_python(_IMPORT).stdout)
    assert "dbops.gateways.probe_page" in seen["imported"]
    assert "dbops.gateways.probe_charts" in seen["imported"]
    assert seen["charts"] == []


def test_where_the_home_cannot_be_written_it_draws_without_a_word_and_leaves_nothing(tmp_path: Path) -> None:
    home = os.devnull + "/home"
    done = _python(_DRAW, HOME=home, XDG_CACHE_HOME=home, XDG_CONFIG_HOME=home, TMPDIR=str(tmp_path))
    assert json.loads(done.stdout) | {"bytes": 0} == {"bytes": 0, "pyplot": False, "same": True}
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
