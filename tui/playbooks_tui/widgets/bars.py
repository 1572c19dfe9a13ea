"""The branches as bars, under the panes: the whole run at a glance, each bar a thing to click."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from playbooks_tui.bars_plan import Bars
from playbooks_tui.record import Record
from playbooks_tui.rows import Past, Ways
from playbooks_tui.situation import Standing, moment
from playbooks_tui.spans import Line
from playbooks_tui.widgets.inked import Inked


class BranchBars(Inked):
    """A row a branch."""

    can_focus = False
    DEFAULT_CSS = """
    BranchBars { height: 1; overflow: hidden; }
    """

    @dataclass
    class Chosen(Message):
        """A bar was clicked."""

        index: int

    def __init__(self, record: Record) -> None:
        super().__init__(id="bars")
        self._record, self._standing = record, Standing()
        self._bars = Bars(record)
        self._past = Past(record, None)
        self._ways: Ways | None = None

    def show(self, standing: Standing, ways: Ways | None = None) -> None:
        """Draws the record as it is now.

        Args:
            standing: Where the person is.
            ways: What is bright; None: what led to where the person is.
        """
        self._standing, self._ways = standing, ways
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        self._past = self._ways or Past(self._record, self._standing.here)
        count = max(1, self._bars.lay_out(self.size.width, self._past))
        if self.styles.height is None or self.styles.height.value != count:
            self.styles.height = count
        self.repaint()

    def line(self, y: int) -> Line:
        if y >= len(self._bars.tracks):
            return Line()
        return self._bars.line(y, self.size.width, self._past, moment(self._record, self._standing))

    def on_click(self, event: events.Click) -> None:
        row = self._bars.row_at(event.x, event.y)
        if row is not None:
            self.post_message(self.Chosen(row))
