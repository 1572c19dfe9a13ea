"""The list of sessions as it is drawn: a row a session, and above it which of them are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import events
from textual.strip import Strip

from playbooks.checkpoints.record import SessionInfo
from playbooks_tui.spans import Line, Span, ago, cells_of, end_of, fit, plain, wrapped
from playbooks_tui.widgets.inked import Inked, Pane

_SIGNS: Final = {
    "running": ("●", "good"),
    "finished": ("■", "plain"),
    "failed": ("!", "bad"),
    "interrupted": ("=", "here"),
}
_LEAST_PROGRAM: Final = 12


class SessionsHead(Inked):
    """The first row."""

    can_focus = False
    DEFAULT_CSS = "SessionsHead { height: 1; overflow: hidden; }"
    words = ""

    def line(self, y: int) -> Line:
        return Line((Span(" ○ SESSIONS ", "badge-plain", bold=True), Span(f" {self.words}", "quiet")))


class SessionRows(Pane):
    """The list, newest first."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(id="sessions")
        self._now = now
        self.rows: list[SessionInfo] = []
        self.place = 0
        self.empty = "reading …"

    def show(self, rows: list[SessionInfo], empty: str) -> None:
        """Draws sessions."""
        before = self.selected.id if self.selected else ""
        self.rows, self.empty = rows, empty
        self.place = next((n for n, row in enumerate(rows) if row.id == before), self.place)  # or one that took it
        self.tall(max(1, len(rows)))
        self.go(self.place)

    @property
    def selected(self) -> SessionInfo | None:
        """The session that keys mean."""
        return self.rows[self.place] if self.rows else None

    def go(self, place: int) -> None:
        """Selects a row."""
        self.place = max(0, min(place, len(self.rows) - 1))
        self.reveal(self.place, fixed=1)
        self.refresh()

    @property
    def page(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.scrollable_content_region.height - 1)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            return self.strip(self._head(width), width)
        return self.strip(self.line(y - 1 + int(self.scroll_offset.y)), width)

    def _columns(self, width: int) -> tuple[int, int]:
        """Cells for the program and for the label."""
        left = width - 3 - 6 - 14 - 13 - 16
        program = max(_LEAST_PROGRAM, min(left, max((cells_of(row.program) for row in self.rows), default=0) + 2))
        return program, max(0, left - program)

    def _head(self, width: int) -> Line:
        program, label = self._columns(width)
        text = f"   {'id':<6}{'program':<{program}}{'status':<14}{'checkpoints':>11}  {'last':<16}"
        return Line((Span(fit(text + ("label" if label else ""), width), "quiet"),))

    def line(self, y: int) -> Line:
        width = self.scrollable_content_region.width
        if not self.rows:
            pieces = wrapped(self.empty, max(8, width - 4))
            return Line((Span(f"   {pieces[y]}", "quiet"),)) if y < len(pieces) else Line()
        if y >= len(self.rows):
            return Line()
        row, chosen = self.rows[y], y == self.place
        program, label = self._columns(width)
        sign, ink = _SIGNS.get(row.status, ("?", "quiet"))
        name = plain(row.program)
        if cells_of(name) >= program:
            name = "…" + end_of(name, program - 2)
        spans = (
            Span(" › " if chosen else "   ", bold=True),
            Span(f"{row.id:<6}", bold=True),
            Span(fit(name, program)),
            Span(f"{sign} ", ink, bold=True),
            Span(f"{row.status:<12}"),
            Span(f"{row.checkpoints:>11}  "),
            Span(fit(ago(max(0.0, self._now() - row.updated)), 16), "quiet"),
            Span(fit(plain(row.label), label) if label else "", bold=True),
        )
        return Line(tuple(span for span in spans if span.text), "chosen" if chosen else "")

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1:
            return
        place = offset.y - 1 + int(self.scroll_offset.y)
        if place == self.place and self.rows:
            if event.chain > 1:
                self.call_later(self.screen.run_action, "open")
        elif place < len(self.rows):
            self.go(place)
