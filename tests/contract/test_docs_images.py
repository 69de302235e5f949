"""Every picture that a page shows exists and says in words what it shows; every picture of docs/images is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract.test_docs import CODE_BLOCK, PAGES, ROOT
from tests.e2e.pictures import BYTES

FOLDER = ROOT / "docs" / "images"
KINDS = {".png", ".svg", ".jpg", ".gif", ".webp"}


class Shown(NamedTuple):
    """A picture on a page, and its words for who does not see it."""

    page: Path
    file: Path
    words: str


def _shown() -> Iterator[Shown]:
    """Pictures as Markdown has them, and as HTML, where they stand beside each other."""
    for page in PAGES:
        text = CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))
        for words, path in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", text):
            yield Shown(page, (page.parent / path).resolve(), words)
        for tag in re.findall(r"<img [^>]*>", text):
            attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            yield Shown(page, (page.parent / attributes["src"]).resolve(), attributes.get("alt", ""))


SHOWN = list(_shown())


def test_the_pages_show_pictures() -> None:
    assert {picture.page.name for picture in SHOWN} >= {"README.md", "page.md", "alerts.md", "restore.md"}


@pytest.mark.parametrize("picture", SHOWN, ids=lambda picture: f"{picture.page.name}-{picture.file.name}")
def test_every_picture_that_a_page_shows_exists_and_is_described(picture: Shown) -> None:
    assert picture.file.is_file(), f"{picture.page.name} shows {picture.file.name}"
    assert len(picture.words.split()) >= 2, f"{picture.page.name} does not say what {picture.file.name} shows"


def test_every_picture_is_shown_somewhere() -> None:
    kept = {file for file in FOLDER.iterdir() if file.suffix in KINDS}
    assert kept
    assert kept <= {picture.file for picture in SHOWN}


def test_no_picture_is_too_large_for_a_page() -> None:
    assert {file.name: size for file in FOLDER.iterdir() if (size := file.stat().st_size) > BYTES} == {}
