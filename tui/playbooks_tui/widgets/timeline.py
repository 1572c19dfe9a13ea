"""The timeline's widget: scrolls the sequence diagram, follows what is new, and says which row is meant."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from playbooks_tui import sequence
from playbooks_tui.record import Record
from playbooks_tui.situation import Standing, engine_mode, moment
from playbooks_tui.spans import Line, Span, counted
from playbooks_tui.widgets.inked import Pane

_HEAD = 1


class Timeline(Pane, inherit_bindings=False):
    """Rows of checkpoints. Moving keys are the screen's: they move the moment, and the view follows it."""

    @dataclass
    class Chosen(Message):
        """A row was clicked."""

        index: int

    def __init__(self, record: Record) -> None:
        super().__init__(id="timeline")
        self._record, self._standing = record, Standing()
        self._plan: sequence.Plan | None = None
        self._mark: int | None = None
        self._moment: int | None = None
        self._unfolded: int | None = None
        """The moment, when its kind is folded: what is stood at is always seen."""

    def show(self, standing: Standing) -> None:
        """Draws the record as it is now; follows the newest row unless one is chosen."""
        record = self._record
        self._standing = standing
        self._plan = None
        self._moment = moment(record, standing)
        self._unfolded = self._moment if self._moment is not None and self._folded(self._moment) else None
        runs = engine_mode(record, standing) in ("running", "pausing")
        self._mark = self._visible(record.newest) if runs else None
        self.tall(self.count + _HEAD)
        folded = len(record.headers) - self.count
        right = [Span(f"{counted(folded, 'step')} folded", "quiet")] if folded else []
        if standing.chosen is None and standing.here is None:
            right += [Span(" · " if right else "", "quiet"), Span("follows", "quiet")]
        self.name_pane((Span("Timeline", bold=True),), tuple(right))
        self._follow()

    def on_resize(self) -> None:
        super().on_resize()
        self._plan = None
        self._follow()

    def _follow(self) -> None:
        standing, record = self._standing, self._record
        wanted = standing.chosen if standing.chosen is not None else standing.here
        if wanted is None:
            wanted = record.shown[-1] if record.shown else None
        if wanted is not None:
            self.reveal(self.position(wanted), fixed=_HEAD)

    # -- rows ------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._record.shown) + (self._unfolded is not None)

    def row_at(self, place: int) -> int:
        """The checkpoint in a row."""
        shown, extra = self._record.shown, self._unfolded
        if extra is None:
            return shown[place]
        before = bisect_right(shown, extra)
        return shown[place] if place < before else extra if place == before else shown[place - 1]

    def position(self, index: int) -> int:
        """The row of a checkpoint; the one before it, when it is folded."""
        extra = self._unfolded
        return max(0, bisect_right(self._record.shown, index) - 1 + (extra is not None and index >= extra))

    def _folded(self, index: int) -> bool:
        shown = self._record.shown
        place = bisect_right(shown, index) - 1
        return place < 0 or shown[place] != index

    def _visible(self, index: int | None) -> int | None:
        return self.row_at(self.position(index)) if index is not None and self.count else None

    @property
    def page(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.scrollable_content_region.height - _HEAD)

    # -- drawing ---------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if self._plan is None:
            self._plan = sequence.plan(self._record, width)
        if y < _HEAD:
            return self.strip(sequence.head(self._record, self._plan, width), width)
        return self.strip(self.line(y - _HEAD + self.scroll_offset.y), width)

    def line(self, y: int) -> Line:
        record, standing = self._record, self._standing
        if y >= self.count or self._plan is None:
            return Line()
        index = self.row_at(y)
        chosen = index == self._visible(standing.chosen)
        if index == self._moment:
            mark, ground = Span("▸", "here", bold=True), "here"
        elif chosen:
            mark, ground = Span("›", "plain", bold=True), "chosen"
        else:
            mark, ground = Span("●", "good", bold=True) if index == self._mark else Span(" "), ""
        width = self.scrollable_content_region.width
        return sequence.row(record, self._plan, index, width, here=standing.here, ground=ground, mark=mark)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < _HEAD:
            return
        y = offset.y - _HEAD + int(self.scroll_offset.y)
        if y < self.count:
            self.post_message(self.Chosen(self.row_at(y)))
