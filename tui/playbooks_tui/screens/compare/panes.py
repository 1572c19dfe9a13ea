"""The panes of the comparison: what is compared, the pairs of rows, and lines of what differs."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip

from playbooks.checkpoints.record import Header
from playbooks.session.record import Comparison, Pair
from playbooks.words import counted
from playbooks_tui.record import Record
from playbooks_tui.rows import Filter
from playbooks_tui.screens.compare.lines import (
    HEAD,
    Side,
    head_lines,
    side_line,
    sign_of,
)
from playbooks_tui.situation import BADGES, totals
from playbooks_tui.spans import Line, Span, cells_of, cut, width_of
from playbooks_tui.widgets.inked import Inked, Pane
from playbooks_tui.widgets.timeline import filter_words


class CompareHead(Inked):
    """The first row: what is compared, and where the two part."""

    can_focus = False
    DEFAULT_CSS = "CompareHead { height: 1; overflow: hidden; }"

    def __init__(self, record: Record, seconds: float) -> None:
        super().__init__(id="head")
        self._record, self._seconds = record, seconds
        self.names = ("", "")
        self.parts = ""

    def line(self, y: int) -> Line:
        word, ground = BADGES["comparing"]
        badge = Span(word, f"badge-{ground}", bold=True)
        left = [badge, Span(" "), Span(self.names[0], bold=True), Span(" with ", "quiet")]
        left.append(Span(self.names[1], bold=True))
        headers, place = self._record.headers, self._record.place
        branches = dict.fromkeys(headers[place[name]].branch if name in place else name for name in self.names)
        room = self.size.width - width_of(left)
        where = Span(cut(f" · {self.parts}", max(0, room - 1)), "quiet")
        for right in totals(self._record, ", ".join(branches), self._seconds, told=self._seconds > 0)[:-2]:
            gap = room - width_of([where]) - width_of(right)
            if gap >= 2:
                return Line((*left, where, Span(" " * gap), *right))
        return Line((*left, where))


class Sides(Pane):
    """The pairs."""

    class Moved(Message):
        """Another row is selected."""

    def __init__(self, record: Record) -> None:
        super().__init__(id="sides")
        self._record = record
        self.rows: list[Pair] = []
        self.place = 0
        self.right = True
        """Which side Enter looks at."""
        self._heads: list[Line] = []
        self._empty = ""
        """What is said where there is no row."""

    def show(self, comparison: Comparison, rows: list[Pair], sides: tuple[Side, Side], filter: Filter) -> None:
        """Draws a comparison."""
        before = self.rows[self.place] if self.place < len(self.rows) else None
        if before is not None and before in rows:
            self.place = rows.index(before)
        self.rows = rows
        left_out = "all of it is filtered out: v shows it again"
        self._empty = left_out if comparison.pairs else "nothing was said or done since they parted"
        width = self.scrollable_content_region.width
        fork = self._record.place.get(comparison.fork.id) if comparison.fork else None
        branch = self._record.headers[fork].branch if fork is not None else ""
        common = len([row for row in self._record.path(branch) if fork is not None and row <= fork])
        self._heads = head_lines(comparison, sides, width, common, self.right)
        parted = sum(1 for pair in rows if sign_of(self._record, pair) != "=")
        about = f" {filter_words(self._record, filter)} · {counted(parted, 'difference')}"
        self.name_pane(
            (Span("What was said and done", bold=True),),
            (Span("v", bold=True, act="screen.filter"), Span(about, "quiet", act="screen.filter")),
        )
        self.tall(len(rows) + HEAD)
        self.go(self.place)

    def go(self, place: int) -> None:
        """Selects a row."""
        self.place = max(0, min(place, len(self.rows) - 1))
        self.reveal(self.place, fixed=HEAD)
        self.refresh()
        self.post_message(self.Moved())

    @property
    def meant(self) -> Header | None:
        """The selected row's checkpoint on the side that is meant, else on the other."""
        pair = self.rows[self.place] if self.rows else None
        return (pair.right if self.right else pair.left) or pair.left or pair.right if pair else None

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y < len(self._heads):
            return self.strip(self._heads[y], width)
        return self.strip(self.line(y - HEAD + int(self.scroll_offset.y)), width)

    def line(self, y: int) -> Line:
        if not 0 <= y < len(self.rows):
            return Line((Span(f"   {self._empty}", "quiet"),)) if y == 0 and not self.rows else Line()
        width = self.scrollable_content_region.width
        names = min(max((cells_of(self._record.title(agent)) for agent in self._record.agents), default=6), 10)
        return side_line(self._record, self.rows[y], width, here=y == self.place, right=self.right, names=names)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= HEAD:
            self.go(offset.y - HEAD + int(self.scroll_offset.y))


class Lines(Pane):
    """Lines that are made whole."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []

    def show(self, lines: list[Line]) -> None:
        """Draws lines."""
        self._lines = lines
        self.tall(len(lines))
        self.refresh()

    def line(self, y: int) -> Line:
        return self._lines[y] if y < len(self._lines) else Line()
