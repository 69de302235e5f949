"""How a picture for README and docs is taken: as wide as it will be shown, sharp, and small."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from selenium.webdriver import Chrome

BYTES = 120_000
"""No picture is larger: a README is opened over a telephone, too."""

_FREQUENT, _RARE = 112, 48


def look_through(chrome: Chrome, *, width: int, height: int, scale: float = 1.5) -> None:
    """Make the window so many CSS pixels large, a telephone's width too, each `scale` pixels of the picture."""
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chrome.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})


def take(chrome: Chrome, file: Path) -> None:
    """Keep what the window shows as a PNG; AssertionError where it is too large for a README."""
    shown = base64.b64decode(chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
    of_few_colours(Image.open(io.BytesIO(shown)).convert("RGB")).save(file, optimize=True)
    size = file.stat().st_size
    assert size <= BYTES, f"{file.name} has {size:,} bytes: show less of the page, or fewer pixels of it."


def of_few_colours(whole: Image.Image) -> Image.Image:
    """Its most frequent colours as they are, the others by the nearest of these and of some that are rare.

    A page is flat areas: the edges of its letters may be a little off, and the small green of a sign may not. Pillow's
    search for the nearest is off by some steps as well, even where the colour itself is there: white would be grey.
    """
    counted = whole.getcolors(whole.width * whole.height) or []
    frequent = [colour for _, colour in sorted(counted, reverse=True)[:_FREQUENT] if isinstance(colour, tuple)]
    palette = Image.new("P", (1, 1))
    rare = whole.quantize(_RARE, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).getpalette() or []
    palette.putpalette([*(part for colour in frequent for part in colour), *rare])
    few = np.array(whole.quantize(palette=palette, dither=Image.Dither.NONE))
    pixels = np.asarray(whole)
    for index, colour in enumerate(frequent):
        few[(pixels == colour).all(axis=2)] = index
    found = Image.fromarray(few)
    found.putpalette(palette.getpalette() or [])
    return found
