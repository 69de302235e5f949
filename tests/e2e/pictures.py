"""How a picture for README and docs is taken: as wide as it will be shown, sharp, and small."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image
from selenium.webdriver import Chrome

BYTES = 120_000
"""No picture is larger: a README is opened over a telephone, too."""

_COLOURS = 224


def look_through(chrome: Chrome, *, width: int, height: int, scale: float = 1.5) -> None:
    """Make the window so many CSS pixels large, a telephone's width too, each `scale` pixels of the picture."""
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chrome.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})


def take(chrome: Chrome, file: Path) -> None:
    """Keep what the window shows as a PNG; AssertionError where it is too large for a README."""
    shown = base64.b64decode(chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
    whole = Image.open(io.BytesIO(shown)).convert("RGB")
    few = whole.quantize(palette=_palette(whole), dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    size = file.stat().st_size
    assert size <= BYTES, f"{file.name} has {size:,} bytes: show less of the page, or fewer pixels of it."


def _palette(whole: Image.Image) -> Image.Image:
    """Its most frequent colours as they are: a page is flat areas, and the edges of its letters may be a little off."""
    counted = whole.getcolors(whole.width * whole.height) or []
    frequent = [colour for _, colour in sorted(counted, reverse=True)[:_COLOURS]]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in frequent for part in colour])
    return palette
