"""The timeline's widget: scrolls the sequence diagram, follows what is new, and says which row is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message
from textual.strip import Strip

from playbooks_tui import sequence
from playbooks_tui.record import FOLDED, Record
from playbooks_tui.rows import Filter, Past, Rows
from playbooks_tui.situation import Standing, engine_mode, moment
from playbooks_tui.spans import Line, Span, counted
from playbooks_tui.widgets.inked import Pane

_HEAD: Final = 1


class Timeline(Pane, inherit_bindings=False):
    """Rows of checkpoints. Moving keys are the screen's: they move the moment, and the view follows it."""

    @dataclass
    class Chosen(Message):
        """A row was clicked."""

        index: int

    def __init__(self, record: Record) -> None:
        super().__init__(id="timeline")
        self._record, self._standing = record, Standing()
        self.rows = Rows(record)
        self._plan: sequence.Plan | None = None
        self._past = Past(record, None)
        self._newest: int | None = None
        self._moment: int | None = None

    def show(self, standing: Standing) -> None:
        """Draws the record as it is now; follows the newest row unless one is chosen."""
        record, rows = self._record, self.rows
        self._standing = standing
        self._plan = None
        self._moment = moment(record, standing)
        self._past = Past(record, standing.here)
        rows.take(standing.filter, self._moment if self._moment is not None else standing.chosen)
        runs = engine_mode(record, standing) in ("running", "pausing")
        self._newest = rows.stands_for(record.newest) if runs and record.newest is not None else None
        self.tall(rows.count + _HEAD)
        self.name_pane((Span("Timeline", bold=True),), self._about())
        self._follow()

    def _about(self) -> tuple[Span, ...]:
        """What is left out, and whether it follows; a click opens the filter."""
        standing, record = self._standing, self._record
        parts: list[tuple[Span, ...]] = []
        if standing.filter.kinds == FOLDED and (folded := len(record.headers) - len(record.shown)):
            parts.append((Span(f"{counted(folded, 'step')} folded", "quiet", act="screen.unfold"),))
        if standing.here is None and standing.chosen is None and engine_mode(record, standing) == "running":
            parts.append((Span("follows", "quiet"),))
        else:
            words = filter_words(record, standing.filter)
            parts.append((Span("v", bold=True, act="screen.filter"), Span(f" {words}", "quiet", act="screen.filter")))
        spans = [span for part in parts for span in (Span(" · ", "quiet"), *part)]
        return tuple(spans[1:])

    def on_resize(self) -> None:
        super().on_resize()
        self._plan = None
        self._follow()

    def _follow(self) -> None:
        standing, record = self._standing, self._record
        wanted = standing.chosen if standing.chosen is not None else standing.here
        if wanted is None:
            wanted = record.newest
        if wanted is not None:
            self.reveal(self.rows.place(wanted), fixed=_HEAD)

    @property
    def page(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.scrollable_content_region.height - _HEAD)

    # -- drawing ---------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if self._plan is None:
            self._plan = sequence.plan(self._record, width, self.rows, self._past.branch)
        if y < _HEAD:
            return self.strip(sequence.head(self._record, self._plan, width), width)
        return self.strip(self.line(y - _HEAD + int(self.scroll_offset.y)), width)

    def line(self, y: int) -> Line:
        record, standing = self._record, self._standing
        if y >= self.rows.count or self._plan is None:
            return Line()
        index = self.rows.at(y)
        if index == self._moment:
            edge, ground = Span("▸", "here", bold=True), "here"
        elif index == standing.chosen:
            edge, ground = Span("›", bold=True), "chosen"
        else:
            edge, ground = Span("●", "good", bold=True) if index == self._newest else Span(" "), ""
        marks = sequence.Marks(edge, index == standing.mark, ground, standing.find)
        return sequence.row(record, self._plan, index, self.scrollable_content_region.width, self._past, marks)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < _HEAD:
            return
        y = offset.y - _HEAD + int(self.scroll_offset.y)
        if y < self.rows.count:
            self.post_message(self.Chosen(self.rows.at(y)))


def filter_words(record: Record, filter: Filter) -> str:
    """What the timeline shows, in a few words: `all agents`, `Seller, Buyer · no calls`."""
    shown = [record.title(agent) for agent in record.lanes if agent not in filter.agents]
    if not filter.agents & set(record.lanes):
        who = "all agents"
    else:
        who = ", ".join(shown) if len(shown) < 3 else f"{len(shown)} of {len(record.lanes)} agents"
    left_out = filter.kinds - FOLDED
    unfolded = "with steps" if FOLDED - filter.kinds else ""
    what = f"without {counted(len(left_out), 'kind')}" if left_out else unfolded
    return f"{who or 'nobody'} · {what}" if what else who or "nobody"
