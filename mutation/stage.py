"""Where mutmut works: a folder with the packages at its top, as mutmut expects them. The checkout stays as it is."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGE = ROOT / ".mutants"
DOMAIN = ROOT / "plugins" / "dbops" / "domain"
_SHOWN = {"dbops": "plugins/dbops", "tests": "tests", "demo": "demo", "include": "include", "docs": "docs"}

_FOUND_OUT = {".meta", ".spans"}  # what mutmut keeps beside a module

# Rules are tried with few examples, and always the same ones: a mutant is alive or dead, not so by chance. That a test
# fails is enough: a smaller example, which Hypothesis would look for many times as long, is read by nobody.
EXAMPLES = """\
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutants", max_examples=20, derandomize=True, database=None, deadline=None,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutants")
"""
ALL_TESTS = ["tests/unit/domain", "tests/unit/jobs"]
_SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = ["--strict-markers", "--import-mode=importlib", "-p", "no:cacheprovider"]
filterwarnings = ["error"]

[tool.mutmut]
source_paths = ["dbops"]
only_mutate = {only}
also_copy = ["tests", "demo", "include", "docs", "conftest.py"]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 10.0
timeout_constant = 0.5
use_git_change_detection = false
track_dependencies = false
"""


def chosen_modules(words: list[str]) -> list[str]:
    """Names such as `backups.retention` or `probes.judgement`: these words, or all there are where there is no word.

    Raises SystemExit where a word is no module.
    """
    paths = sorted(path.relative_to(DOMAIN).with_suffix("") for path in DOMAIN.rglob("*.py"))
    modules = [".".join(path.parts) for path in paths if path.name != "__init__"]
    unknown = [word for word in words if word not in modules]
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)} in plugins/dbops/domain: name one, such as watch.promises")
    return words or modules


def set_stage(modules: list[str], tests: list[str]) -> None:
    """The folder, made anew for these modules and tests; what mutmut has found out about others stays in it."""
    STAGE.mkdir(exist_ok=True)
    for name, origin in _SHOWN.items():
        link = STAGE / name
        if not link.is_symlink():
            link.symlink_to(ROOT / origin)
    _forget_what_is_gone()
    for module in modules:  # mutmut takes a file that it has once copied unchanged for one that it has mutated
        (STAGE / "mutants" / "dbops" / "domain" / f"{module.replace('.', '/')}.py").unlink(missing_ok=True)
    (STAGE / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)  # which tests reach what: of other modules
    only = [f"dbops/domain/{module.replace('.', '/')}.py" for module in modules]
    for name, text in (("pyproject.toml", _SETTINGS.format(only=only, tests=tests)), ("conftest.py", EXAMPLES)):
        if not (STAGE / name).exists() or (STAGE / name).read_text(encoding="utf-8") != text:
            (STAGE / name).write_text(text, encoding="utf-8")


def _forget_what_is_gone() -> None:
    """What mutmut has once copied stays copied: a test that is gone, or lies elsewhere now, would still be asked."""
    copies = STAGE / "mutants"
    for copied in (path for name in _SHOWN for path in (copies / name).rglob("*")):
        origin = STAGE / copied.relative_to(copies)
        if origin.suffix in _FOUND_OUT:
            origin = origin.with_suffix("")
        if copied.is_file() and copied.parent.name != "__pycache__" and not origin.exists():
            copied.unlink()
