"""How a picture for README and docs is taken: as wide as it will be shown, sharp, and small."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image
from selenium.webdriver import Chrome

BYTES = 120_000
"""No picture is larger: a README is opened over a telephone, too."""

_COLOURS = 96


def look_through(chrome: Chrome, *, width: int, height: int, scale: float = 1.5) -> None:
    """Make the window so many CSS pixels large, a telephone's width too, each `scale` pixels of the picture."""
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def take(chrome: Chrome, file: Path) -> None:
    """Keep what the window shows as a PNG; AssertionError where it is too large for a README."""
    shown = base64.b64decode(chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
    whole = Image.open(io.BytesIO(shown)).convert("RGB")
    # Text on plain ground needs few colours; by coverage, so that the small red of a light is among them.
    few = whole.quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    size = file.stat().st_size
    assert size <= BYTES, f"{file.name} has {size:,} bytes: show less of the page, or fewer pixels of it."
