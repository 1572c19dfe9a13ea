"""Draws the main moments of the debugger from the real app on the examples: SVG, and PNG beside it.

`make screenshots`, or `python screenshots/draw.py NAME …` for some. The runs are staged as in the tests of the screen,
so a picture changes only when the screen does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from png import Missing, browser, draw, font  # noqa: E402
from tui.pictures import PICTURES  # noqa: E402
from tui.studio import stock  # noqa: E402

WIDE: Final = (160, 45)
MOMENTS: Final[dict[str, tuple[str, tuple[int, int]]]] = {
    "live": ("running", WIDE),
    "back": ("back-fork", WIDE),
    "fork": ("fork-typed", WIDE),
    "compare": ("compare", WIDE),
    "small": ("running", (80, 24)),
    "back-light": ("back-light", WIDE),
    "back-nocolor": ("back-nocolor", WIDE),
}
"""Name of the file → which of the screen's pictures, in columns and rows."""


async def taken(name: str) -> str:
    """One picture, in an empty folder of its own."""
    picture, size = MOMENTS[name]
    shown = PICTURES[picture]
    os.environ |= shown.environ
    try:
        async with shown.opened(Path.cwd(), size) as desk:
            return desk.picture(f"playbooks debug {shown.program}")
    finally:
        for variable in shown.environ:
            del os.environ[variable]


def main(names: list[str]) -> int:
    """Draws all, or those named."""
    unknown = [name for name in names if name not in MOMENTS]
    if unknown:
        print(f"there is no {unknown[0]}: {', '.join(MOMENTS)}", file=sys.stderr)
        return 2
    try:
        browser(), font()  # said before anything is played
        pictures = {}
        home = os.getcwd()
        for name in names or MOMENTS:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as state:
                os.environ["PLAYBOOKS_STATE_DIR"] = state
                os.chdir(folder)
                try:
                    stock(Path())
                    pictures[HERE / f"{name}.svg"] = asyncio.run(taken(name))
                finally:
                    os.chdir(home)
        draw(pictures)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
