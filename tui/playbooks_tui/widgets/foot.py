"""The last row: the keys that matter now, each a thing to click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playbooks_tui.keys import GIVES_WAY, KEPT, SHORT
from playbooks_tui.spans import Line, Span, width_of
from playbooks_tui.widgets.inked import Inked


class Foot(Inked):
    """The footer. It follows the state; Textual's own folds bindings of one action and knows no order."""

    can_focus = False
    DEFAULT_CSS = """
    Foot { height: 1; overflow: hidden; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(id="foot")
        self._items: tuple[tuple[str, str, str], ...] = ()

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

    def line(self, y: int) -> Line:
        return footer_line(self._items, self.size.width)


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
