"""The first row: the state, what it means, and what the run has cost so far."""

from __future__ import annotations

from playbooks_tui.record import Record
from playbooks_tui.situation import Standing, header_line
from playbooks_tui.spans import Line
from playbooks_tui.widgets.inked import Inked


class Head(Inked):
    """The header."""

    can_focus = False
    DEFAULT_CSS = """
    Head { height: 1; overflow: hidden; }
    """

    def __init__(self, record: Record) -> None:
        super().__init__(id="head")
        self._record, self._standing = record, Standing()
        self._now, self._seconds = 0.0, 0.0

    def show(self, standing: Standing, now: float, seconds: float) -> None:
        """Draws the state as it is.

        Args:
            standing: Where the person is.
            now: Seconds since 1970.
            seconds: How long the session has run, in all its processes.
        """
        self._standing, self._now, self._seconds = standing, now, seconds
        self.repaint()

    def line(self, y: int) -> Line:
        return header_line(self._record, self._standing, self.size.width, self._now, self._seconds)
