"""The timeline's widget: scrolls the sequence diagram, follows what is new, and says which row is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message
from textual.strip import Strip

from playbooks.words import counted
from playbooks_tui import sequence
from playbooks_tui.record import FOLDED, Record
from playbooks_tui.rows import Filter, Past, Rows
from playbooks_tui.situation import Standing, engine_mode, moment
from playbooks_tui.spans import Line, Span
from playbooks_tui.widgets.inked import Pane

_HEAD: Final = 1
_AROUND: Final = 3
"""Rows that are seen above and below the one that is meant, where there are as many."""
_MOST_KEPT: Final = 2_000


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
        self._kept: dict[tuple[object, ...], Strip] = {}
        """Rows as they were painted, by all that decides how they look."""
        self._kept_for: tuple[sequence.Plan, int] | None = None
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
        self.repaint()

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
            place, around = self.rows.place(wanted), min(_AROUND, (self.page - 1) // 2)
            self.reveal(max(0, place - around), min(self.rows.count - 1, place + around), fixed=_HEAD)

    @property
    def page(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.scrollable_content_region.height - _HEAD)

    # -- drawing ---------------------------------------------------------------------------------------------

    def _plan_for(self, width: int) -> sequence.Plan:
        """The plan; rows that were painted for another one are forgotten."""
        if self._plan is None:
            plan = sequence.plan(self._record, width, self.rows, self._past.branch)
            if (plan, width) != self._kept_for:
                self._kept_for = (plan, width)
                self._kept.clear()
            self._plan = plan
        return self._plan

    def forget(self) -> None:
        super().forget()
        self._kept.clear()

    def paint(self, y: int) -> Strip:
        width = self._width
        plan = self._plan_for(width)
        if y < _HEAD:
            return self.strip(sequence.head(self._record, plan, width), width)
        place = y - _HEAD + self._top
        if place >= self.rows.count:
            return self.strip(Line(), width)
        index = self.rows.at(place)
        header = self._record.headers[index]
        key = (
            index,
            self._past.holds(index, header.branch),
            sequence.gutter_text(self._record, plan, index, self._past),
            self._marks(index),
            self._record.labels.get(header.id),
        )
        strip = self._kept.get(key)
        if strip is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            strip = self._kept[key] = self.strip(self._row(index, width), width)
        return strip

    def line(self, y: int) -> Line:
        return self._row(self.rows.at(y), self.scrollable_content_region.width) if y < self.rows.count else Line()

    def _row(self, index: int, width: int) -> Line:
        return sequence.row(self._record, self._plan_for(width), index, width, self._past, self._marks(index))

    def _marks(self, index: int) -> sequence.Marks:
        standing = self._standing
        marked = index == standing.mark
        if index == self._moment:
            return sequence.Marks("moment", marked, standing.find)
        if index == standing.chosen:
            return sequence.Marks("chosen", marked, standing.find)
        newest = "newest" if index == self._newest else ""
        return sequence.Marks(newest, marked, standing.find)  # type: ignore[arg-type]

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < _HEAD:
            return
        y = offset.y - _HEAD + int(self.scroll_offset.y)
        if y < self.rows.count:
            self.post_message(self.Chosen(self.rows.at(y)))


def filter_words(record: Record, filter: Filter) -> str:
    """What is shown, in a few words: `all agents`, `Seller, Buyer · without 2 kinds`, `all agents · what differs`."""
    shown = [record.title(agent) for agent in record.lanes if agent not in filter.agents]
    if not filter.agents & set(record.lanes):
        who = "all agents"
    else:
        who = ", ".join(shown) if len(shown) < 3 else f"{len(shown)} of {len(record.lanes)} agents"
    left_out = filter.kinds - FOLDED
    unfolded = "with steps" if FOLDED - filter.kinds else ""
    what = f"without {counted(len(left_out), 'kind')}" if left_out else unfolded
    return " · ".join(part for part in (who or "nobody", what, "what differs" if filter.same else "") if part)
