"""SVG to PNG as a browser draws it, in a font that is installed.

Apart from what is drawn: an SVG of Textual loads its font from elsewhere and takes other glyphs from whatever font the
viewer has, so each picture also stands as PNG.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FONTS: Final = ("Fira Code", "DejaVu Sans Mono")
"""The first that is installed is taken; both have every glyph of the screen."""
SCALE: Final = 0.88
"""PNGs are committed: so each stays under 400 kB."""
_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


class Missing(Exception):
    """Something has to be installed first: which, and how, in one line."""


def browser() -> str:
    """Path of a Chromium.

    Raises:
        Missing: There is none.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise Missing("no Chromium was found: `apt-get install chromium` (Debian), or your system's package of it")
    return found


def font() -> str:
    """Name of an installed font that has the glyphs.

    Raises:
        Missing: There is none.
    """
    if shutil.which("fc-list") is None:
        raise Missing("fc-list was not found: `apt-get install fontconfig fonts-firacode` (Debian)")
    known = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=True).stdout
    found = next((name for name in FONTS if name in known), None)
    if found is None:
        raise Missing(f"neither {' nor '.join(FONTS)} is installed: `apt-get install fonts-firacode` (Debian)")
    return found


def settled(svg: str, family: str) -> str:
    """The picture in an installed font, each glyph in its own cell."""
    style = f"font-family: {family}, monospace; font-variant-ligatures: none;"
    return (
        _FACE.sub("", svg)
        .replace("font-family: Fira Code;", style)
        .replace("font-family: Fira Code, monospace;", style)
    )


def draw(pictures: Mapping[Path, str]) -> None:
    """Writes each picture as SVG, and beside it as PNG.

    Args:
        pictures: Path of the SVG → its text.

    Raises:
        Missing: There is no Chromium or no font.
    """
    program, family = browser(), font()
    with tempfile.TemporaryDirectory() as profile:
        for path, svg in pictures.items():
            path.write_text(svg := settled(svg, family))
            box = _BOX.search(svg)
            assert box is not None
            width, height = (round(float(number) * SCALE) for number in box.groups())
            png = path.with_suffix(".png")
            png.unlink(missing_ok=True)
            told = subprocess.run(
                [
                    program, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                    "--hide-scrollbars", "--force-device-scale-factor=1", "--default-background-color=00000000",
                    f"--window-size={width},{height}", f"--screenshot={png}", path.resolve().as_uri(),
                ],
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            if not png.exists():
                sys.stderr.write(told.stderr)
                raise Missing(f"{program} drew nothing")
