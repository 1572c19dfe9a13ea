"""Text as the screen draws it: spans of one ink each, in cells, and the few ways numbers are written.

Apart from every widget: what a line says is decided by pure functions over these, and read in tests as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec
from rich.cells import cell_len, set_cell_size

_CONTROL: Final = dict.fromkeys(range(32), " ") | {127: " "} | dict.fromkeys(range(128, 160), " ")
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-_])")
_UNSURE: Final = re.compile(
    "[\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f]"
)
"""What joins, tones or turns round its neighbours: terminals do not agree on its cells, and a frame would jump."""


class Span(msgspec.Struct, frozen=True):
    """A piece of a line."""

    text: str
    ink: str = "plain"
    bold: bool = False
    later: bool = False
    """Later than the moment that is looked at: mixed into the ground."""
    under: bool = False
    """Underlined: what was looked for."""
    raised: bool = False
    """On a ground of its own, in titles: the tab that is shown."""
    act: str = ""
    """What a click on it does, as an action of the screen's."""


class Line(msgspec.Struct, frozen=True):
    """A row of the screen."""

    spans: tuple[Span, ...] = ()
    ground: str = ""
    """`here` (the moment) or `chosen` (selected, not looked at); empty: the widget's own."""

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)

    @property
    def cells(self) -> int:
        return width_of(self.spans)


def cells_of(text: str) -> int:
    """Cells that a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def width_of(spans: Iterable[Span]) -> int:
    """Cells that spans take."""
    return sum([cells_of(span.text) for span in spans])


def plain(text: str) -> str:
    """A text of a program's on one line, without what would move the cursor or take other cells elsewhere."""
    if not text.isascii():
        text = _UNSURE.sub("", text)
    if text.isprintable():
        return text
    return _ESCAPES.sub("", text).translate(_CONTROL)


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells; what is cut leaves an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def padded(text: str, width: int) -> str:
    """`text` in at least `width` cells; nothing is cut."""
    return text + " " * (width - cells_of(text))


def end_of(text: str, width: int) -> str:
    """As much of a text's end as `width` cells take."""
    text = text[-width:] if width > 0 else ""
    while cells_of(text) > width:
        text = text[1:]
    return text


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells."""
    return text if cells_of(text) <= width else fit(text, width).rstrip()


def shortened(lines: list[str], most: int, width: int) -> list[str]:
    """At most so many lines; what is cut leaves an ellipsis at the end of the last."""
    return lines if len(lines) <= most else [*lines[: most - 1], cut(f"{lines[most - 1]}…", width)]


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells, broken at spaces where there are any; its own line breaks stay.

    Never empty: a text without words is one empty line.
    """
    width = max(1, width)
    lines: list[str] = []
    for paragraph in text.rstrip().split("\n"):
        lines += wrapped_paragraph(paragraph, width)
    return lines


def wrapped_paragraph(text: str, width: int) -> list[str]:
    """As `wrapped`, of a text without line breaks."""
    text = plain(text.expandtabs(4))
    measure = len if text.isascii() else cell_len  # a long record is wrapped at once when it is opened
    if measure(text) <= width:
        return [text]
    lines, line, used = [], "", 0
    for word in text.split(" "):
        size = measure(word)
        if used and used + 1 + size <= width:
            line, used = f"{line} {word}", used + 1 + size
            continue
        if used:
            lines.append(line)
        while size > width:
            head = set_cell_size(word, width)
            taken = head if word.startswith(head) else head[:-1] or word[0]  # a wide character does not fit in half
            lines.append(taken)
            word = word[len(taken) :]
            size = measure(word)
        line, used = word, size
    if line or not lines:
        lines.append(line)
    return lines


def took(seconds: float) -> str:
    """A duration in at most five cells; empty below half a millisecond, which says nothing."""
    if seconds < 0.0005:
        return ""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    if seconds < 5970:
        return f"{seconds / 60:.0f}min"
    return f"{seconds / 3600:.0f}h"


def clock(seconds: float) -> str:
    """Time gone by, `00:21` or `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def ago(seconds: float) -> str:
    """How long ago, in the largest unit: `3 minutes ago`."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def money(dollars: float | None) -> str:
    """US dollars, with as many digits as mean something; `$?` when unknown."""
    if dollars is None:
        return "$?"
    if dollars == 0:
        return "$0"
    return f"${dollars:.3f}" if dollars < 0.1 else f"${dollars:.2f}"


def amount(count: int | None) -> str:
    """A count in a few characters, `950`, `1.1k`, `2.3M`; `?` when unknown."""
    if count is None:
        return "?"
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 999_950 else f"{count / 1_000_000:.1f}M"
