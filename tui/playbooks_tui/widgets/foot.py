"""The last row: the keys that matter now, each a thing to click; for a moment, what is told in passing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual.timer import Timer

from playbooks_tui.keys import GIVES_WAY, KEPT, SHORT
from playbooks_tui.spans import Line, Span, plain, shortened, width_of, wrapped
from playbooks_tui.widgets.inked import Inked

_MOST: Final = 4
"""Rows of what is told; a longer text is cut."""
_INKS: Final = {"information": "plain", "warning": "doubt", "error": "bad"}
_SIGNS: Final = {"information": "", "warning": "! ", "error": "! "}


class Foot(Inked):
    """The footer. It follows the state; Textual's own folds bindings of one action and knows no order."""

    can_focus = False
    DEFAULT_CSS = """
    Foot { height: 1; overflow: hidden; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(id="foot")
        self._items: tuple[tuple[str, str, str], ...] = ()
        self.told = ""
        """What is told in passing; empty: nothing."""
        self._severity = "information"
        self._telling: Timer | None = None

    def show(self, words: Sequence[tuple[str, str]], keys: Mapping[str, str]) -> None:
        """Draws keys.

        Args:
            words: Binding id (or two, that share one word) and what it does, in order.
            keys: Binding id → the first of its keys, as people read it.
        """
        items = []
        for ids, word in words:
            there = [id for id in ids.split() if id in keys]
            if there:
                items.append((there[0], " ".join(keys[id] for id in there), word))
        if tuple(items) != self._items:
            self._items = tuple(items)
            self.repaint()

    def tell(self, words: str, severity: str, seconds: float) -> None:
        """Tells something in passing, in the place of the keys: there it covers nothing.

        Args:
            words: As many rows as they need are taken from the panes meanwhile.
            severity: As Textual's notifications: `information`, `warning`, `error`.
            seconds: How long.
        """
        self.told, self._severity = words, severity
        if self._telling is not None:
            self._telling.stop()
        self._telling = self.set_timer(seconds, self.be_still)
        self._take_rows()

    def was_read(self) -> None:
        """Something is done next: what was told of the thing before gives way, unless it warns."""
        if self.told and self._severity == "information":
            self.be_still()

    def be_still(self) -> None:
        """The keys again."""
        if self._telling is not None:
            self._telling.stop()
        self.told, self._telling = "", None
        self._take_rows()

    def on_resize(self) -> None:
        self._take_rows()

    def _take_rows(self) -> None:
        count = len(self._rows()) if self.told else 1
        if self.styles.height is None or self.styles.height.value != count:
            self.styles.height = count
        self.repaint()

    def _rows(self) -> list[str]:
        words = " ".join(plain(self.told).split())
        room = max(8, self.size.width - 2)
        return shortened(wrapped(_SIGNS[self._severity] + words, room), _MOST, room)

    def line(self, y: int) -> Line:
        if not self.told:
            return footer_line(self._items, self.size.width) if y == 0 else Line()
        rows = self._rows()
        if y >= len(rows):
            return Line()
        told = (Span(f" {rows[y]}", _INKS[self._severity], bold=True),)
        keys = _spans([(id, key, SHORT.get(word, word)) for id, key, word in self._items[-KEPT:]])
        gap = self.size.width - width_of((*told, *keys))
        return Line((*told, Span(" " * gap), *keys)) if y == len(rows) - 1 and gap > 1 else Line(told)


def footer_line(items: Sequence[tuple[str, str, str]], width: int) -> Line:
    """Keys and words in a row; when there is no room, `GIVES_WAY` says which go first.

    Args:
        items: Binding id, key, word.
        width: Cells.
    """
    kept = list(items)
    if width_of(_spans(kept)) > width:
        kept = [(id, key, SHORT.get(word, word)) for id, key, word in kept]
    for gone in GIVES_WAY:
        if width_of(_spans(kept)) <= width:
            break
        kept = [item for item in kept if item[0] != gone]
    while kept and width_of(_spans(kept)) > width:
        del kept[-KEPT - 1 if len(kept) > KEPT else -1]
    return Line(tuple(_spans(kept)))


def _spans(items: Sequence[tuple[str, str, str]]) -> list[Span]:
    spans = []
    for id, key, word in items:
        act = f"screen.{id}"
        spans += [Span(f" {key}", bold=True, act=act), Span(f" {word} ", "plain", act=act)]
    return spans
