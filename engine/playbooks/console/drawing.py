"""Lines of styled words: in colour and cut to the width in a terminal, whole and plain in a pipe.

Apart so that what is said is decided once, and a pipe never loads what draws.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable, Sequence

import msgspec

from playbooks.console.transcript import clean


class Word(msgspec.Struct, frozen=True):
    """Text with a style: `bold`, `dim`, a colour's name; empty is as it comes."""

    text: str
    style: str = ""


Row = Sequence[Word]
"""One line."""


def print_rows(rows: Iterable[Row], *, whole: bool = False) -> None:
    """Prints lines to stdout.

    Args:
        rows: The lines; control characters in them are dropped.
        whole: Wraps long lines in a terminal instead of cutting them.
    """
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("".join(one_line(word.text) for word in row).rstrip() + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, emoji=False, markup=False)
    for row in rows:
        text = Text()
        for word in row:
            text.append(one_line(word.text), word.style)
        if whole:
            console.print(text)
        else:
            console.print(text, no_wrap=True, overflow="ellipsis", crop=True)


def one_line(text: str) -> str:
    """A text on one line, without control characters."""
    return clean(text).replace("\n", "⏎").replace("\t", " ")


def columns(rows: Sequence[Row], gap: int = 2) -> list[Row]:
    """Rows as a table: each word but the last as wide as the widest of its place."""
    widths: list[int] = []
    for row in rows:
        for place, word in enumerate(row[:-1]):
            if place == len(widths):
                widths.append(0)
            widths[place] = max(widths[place], len(one_line(word.text)))
    return [
        [
            *(
                Word(one_line(word.text).ljust(width + gap), word.style)
                for word, width in zip(row[:-1], widths, strict=False)
            ),
            *row[-1:],
        ]
        for row in rows
    ]


def clock_time(seconds: float, now: float) -> str:
    """A time as the person's clock and calendar show it; of today without the day.

    Args:
        seconds: Since 1970.
        now: Since 1970.
    """
    try:
        then, today = datetime.datetime.fromtimestamp(seconds), datetime.datetime.fromtimestamp(now)
    except (OverflowError, ValueError, OSError):
        return "?"
    return then.strftime("%H:%M:%S" if then.date() == today.date() else "%Y-%m-%d %H:%M")


LANES = ("cyan", "magenta", "green", "blue", "bright_cyan", "bright_magenta")
"""Of the agents in the order they speak; named colours, so that the terminal's theme decides the shade."""
STATUS_STYLES = {"running": "green", "finished": "", "interrupted": "yellow", "failed": "red"}
"""A status is never told by its colour alone."""
