"""The signs of a timeline, one a kind of checkpoint.

Apart because a terminal's lines and the debugger's screen draw the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GLYPHS: Final[Mapping[str, str]] = {
    "start": "►",
    "create": "+",
    "say": "→",
    "heard": "←",
    "call": "ƒ",
    "tool": "◆",
    "return": "‹",
    "step": "-",
    "await": "~",
    "interrupt": "=",
    "fork": "◇",
    "end": "■",
    "error": "!",
}
MAY_HAVE_RUN: Final = "◐"
"""Of a call that was under way when a process died."""
