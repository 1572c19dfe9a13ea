"""The colours, by what they mean, as theme variables: one set for dark grounds, one for light.

Apart so that no widget names a colour. **`here` is the moment and nothing else**; agents own hues, later time owns
dimness. Measured for contrast under protan, deutan and tritan vision; glyphs say the same without any colour.
"""

from __future__ import annotations

from typing import Final

DARK: Final = {
    "lane-1": "#5CB8FF",
    "lane-2": "#F783B0",
    "lane-3": "#6FE39A",
    "lane-4": "#B58BE0",
    "lane-5": "#B3BC45",
    "lane-6": "#B9D6FF",
    "lane-you": "#FFFFFF",
    "here": "#FFC53D",
    "here-ground": "#4A3A0C",
    "here-ink": "#141414",
    "here-badge": "#FFC53D",
    "quiet": "#969696",
    "hair": "#4C4C4C",
    "doubt": "#FF9F6B",
    "bad": "#FF6B6B",
    "good": "#4FD98A",
    "call": "#C9B6FF",
}
LIGHT: Final = {
    "lane-1": "#00609C",
    "lane-2": "#A8326B",
    "lane-3": "#0B5A1E",
    "lane-4": "#4B2F8B",
    "lane-5": "#5E6100",
    "lane-6": "#004F55",
    "lane-you": "#000000",
    "here": "#7A4F00",
    "here-ground": "#FFE09A",
    "here-ink": "#141414",
    "here-badge": "#FFC53D",
    "quiet": "#575757",
    "hair": "#A6A6A6",
    "doubt": "#963C00",
    "bad": "#A81E2A",
    "good": "#0B5A1E",
    "call": "#4B2F8B",
}
HUES: Final = 6
"""Agents after the sixth begin again with the first hue; their names and lanes still differ."""
NAMES: Final = (*DARK, "plain")
"""What a span may be inked with."""
THEMES_OWN: Final = {"plain": "foreground", "chosen-ground": "panel"}
"""Inks and grounds that are the theme's own variables, under their names there."""


def later_share(ink: str, *, dark: bool) -> float:
    """How much of its colour is left to what is later than the moment; the rest is ground. Never below 3:1.

    Args:
        ink: A name of `NAMES`.
        dark: Whether the ground is dark; a light one needs more ink.
    """
    if ink == "quiet":
        return 0.75 if dark else 0.85
    return 0.58 if dark else 0.74
