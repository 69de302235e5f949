"""What holds for every page: links lead somewhere, commands exist, words are those of the glossary."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout.splitlines()
)
GLOSSARY = (ROOT / "docs/glossary.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()

CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:`|^|&& |\$\()make((?: [A-Z_]+=\S+)* [a-z0-9-]+)", re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page get, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def make_targets() -> set[str]:
    layers = re.search(r"^LAYERS := (.+)$", MAKEFILE, re.MULTILINE)
    assert layers
    rules = re.findall(r"^([a-z0-9-]+(?: [a-z0-9-]+)*):", MAKEFILE, re.MULTILINE)
    return {name for rule in rules for name in rule.split()} | {f"test-{layer}" for layer in layers[1].split()}


def test_the_pages_are_found() -> None:
    assert {ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "docs/architecture.md"} <= set(PAGES)


@each_page
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(CODE_BLOCK.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.is_relative_to(ROOT), link
        assert there.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(there), f"{page.name} links to {link}"


@each_page
def test_every_make_command_exists(page: Path) -> None:
    for command in COMMAND.findall(page.read_text()):
        assert command.split()[-1] in make_targets(), f"{page.name}: make{command}"


@each_page
def test_no_page_names_a_machine_of_ours(page: Path) -> None:
    assert not re.search(r"/work/|/tmp/lab|/root/", page.read_text())


def test_the_readme_leads_to_every_page() -> None:
    linked = {(ROOT / link).resolve() for link in LINK.findall((ROOT / "README.md").read_text())}
    pages = {page for page in PAGES if page.is_relative_to(ROOT / "docs") and page.parent.name != "decisions"}
    assert pages <= linked


def test_every_decision_is_listed() -> None:
    listed = LINK.findall((ROOT / "docs/decisions/README.md").read_text())
    pages = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert listed == pages
    assert [page[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]


def test_no_module_has_a_name_that_says_nothing() -> None:
    sentence = re.search(r"no\s+module is called by one of them:([^.]+)\.", GLOSSARY)
    assert sentence
    words = {word.strip() for word in sentence[1].split(",")}
    assert len(words) >= 7
    for folder in ("plugins", "dags", "demo", "benchmarks", "mutation", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            parts = set(re.split(r"[_.]", path.stem)) | set(path.relative_to(ROOT).parts[:-1])
            plural = {part.removesuffix("s") for part in parts} | parts
            assert not plural & words, path


def test_every_verb_of_the_glossary_is_a_function_in_a_file_of_its_name() -> None:
    sentence = re.search(r"The verbs are (.+?)\. Each", GLOSSARY, re.DOTALL)
    assert sentence
    verbs = re.findall(r"`(\w+)`", sentence[1])
    assert verbs == [
        *("back_up", "expire", "drill", "restore", "swap", "verify", "check", "probe", "baseline", "watch"),
        *("rehearse_restore", "plan_migration", "apply_migration"),
    ]
    for verb in verbs:
        (path,) = (ROOT / "plugins/dbops/jobs").glob(f"*/{verb}.py")
        tree = ast.parse(path.read_text())
        assert verb in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_readme_begins_with_the_two_commands() -> None:
    first = CODE_BLOCK.search((ROOT / "README.md").read_text())
    assert first
    assert [line.split("#")[0].strip() for line in first[0].splitlines()[1:-1]] == ["make demo", "make test"]
