"""Why the run failed, whole: the header has room for its beginning only."""

from __future__ import annotations

from typing import Final

from playbooks_tui.spans import Line, Span, plain, shortened, wrapped
from playbooks_tui.widgets.inked import Inked

_MOST: Final = 6
"""Rows; a longer reason is cut here, and told whole on leaving."""


class Why(Inked):
    """As many rows as the reason needs, over the line to type in; none while there is nothing to say."""

    can_focus = False
    DEFAULT_CSS = """
    Why { height: 0; overflow: hidden; }
    """

    def __init__(self) -> None:
        super().__init__(id="why")
        self._reason = ""

    def show(self, reason: str) -> None:
        """Says why.

        Args:
            reason: What is wrong and what to do; empty: nothing.
        """
        if reason != self._reason:
            self._reason = reason
            self._take_rows()

    def on_resize(self) -> None:
        self._take_rows()

    def _take_rows(self) -> None:
        count = len(self._rows())
        if self.styles.height is None or self.styles.height.value != count:
            self.styles.height = count
        self.repaint()

    def _rows(self) -> list[str]:
        if not self._reason:
            return []
        lines = [piece for line in self._reason.splitlines() for piece in wrapped(plain(line), self._room)]
        return shortened(lines, _MOST, self._room)

    @property
    def _room(self) -> int:
        return max(8, (self.size.width or self.app.size.width) - 4)

    def line(self, y: int) -> Line:
        rows = self._rows()
        return (
            Line((Span(" ! " if not y else "   ", "bad", bold=True), Span(rows[y], "bad"))) if y < len(rows) else Line()
        )
