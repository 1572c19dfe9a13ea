"""The inspector: one agent at one moment, in six tabs; it never executes anything."""

from __future__ import annotations

from typing import Final

from textual.strip import Strip

from playbooks_tui.inspected import Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, width_of
from playbooks_tui.widgets.inked import Pane
from playbooks_tui.widgets.inspector.breaks import BreaksSheet
from playbooks_tui.widgets.inspector.code import CodeSheet
from playbooks_tui.widgets.inspector.output import OutputSheet
from playbooks_tui.widgets.inspector.program import ProgramSheet
from playbooks_tui.widgets.inspector.prompt import PromptSheet
from playbooks_tui.widgets.inspector.sheet import Sheet
from playbooks_tui.widgets.inspector.state import StateSheet

_HEAD: Final = 2
"""Rows that do not scroll: the tabs, and the rule under them."""


class Inspector(Pane):
    """The frame around the tabs: their names, and the one that is shown."""

    def __init__(self, record: Record) -> None:
        super().__init__(id="inspector")
        self.inspected: Inspected | None = None
        self._at_moment = False
        made: tuple[Sheet, ...] = (
            StateSheet(record),
            CodeSheet(record),
            PromptSheet(record),
            ProgramSheet(record),
            BreaksSheet(record),
            OutputSheet(record),
        )
        self.sheets: dict[str, Sheet] = {sheet.id: sheet for sheet in made}
        self.shown = made[0].id
        self._tops: dict[str, int] = {}

    @property
    def sheet(self) -> Sheet:
        """The tab that is shown."""
        return self.sheets[self.shown]

    def turn_to(self, id: str) -> None:
        """Shows a tab, where it was left."""
        if id != self.shown:
            self._tops[self.shown] = int(self.scroll_offset.y)
            self.shown = id
            self._lay_out(self._tops.get(id, 0))

    def show(self, inspected: Inspected | None, *, at_moment: bool) -> None:
        """Draws an agent's moment.

        Args:
            inspected: What was read; None: there is no checkpoint yet.
            at_moment: Whether it is a moment stood at (amber), or just the newest.
        """
        other = self.inspected is None or inspected is None or inspected.agent != self.inspected.agent
        self.inspected, self._at_moment = inspected, at_moment
        self._lay_out(0 if other and not self.sheet.follows else None)

    def stand(self, at_moment: bool) -> None:
        """Says whether it is a moment stood at, without reading it anew."""
        if at_moment != self._at_moment:
            self._at_moment = at_moment
            self._lay_out()

    def take_up(self) -> None:
        """Draws what the record has got since, when the tab that is shown draws from it."""
        if self.sheet.follows:
            self._lay_out()
        self.repaint()

    def on_resize(self) -> None:
        super().on_resize()
        self._lay_out()

    def _lay_out(self, top: int | None = None) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        at_end = self.scroll_target_y >= self.max_scroll_y - 1
        count = self.sheet.lay_out(self.inspected, width, at_moment=self._at_moment)
        self.tall(count + _HEAD)
        if top is not None:
            self.scroll_to(y=top, animate=False, immediate=True, force=True)
        if self.sheet.follows and (at_end or top == 0):
            self.reveal(count - 1, fixed=_HEAD)
        self.repaint()

    # -- drawing ---------------------------------------------------------------------------------------------

    def paint(self, y: int) -> Strip:
        width = self._width
        if y == 0:
            return self.strip(tab_line(list(self.sheets.values()), self.shown, width), width)
        if y == 1:
            return self.strip(rule_line(list(self.sheets.values()), self.shown, width), width)
        return self.strip(self.line(y - _HEAD + self._top), width)

    def line(self, y: int) -> Line:
        return self.sheet.line(y)


def tab_line(sheets: list[Sheet], shown: str, width: int) -> Line:
    """The names of the tabs, each a thing to click; a count stands behind while there is room."""
    for counts in (True, False):
        spans = [Span(" ")]
        for sheet in sheets:
            on = sheet.id == shown
            act = f"screen.{sheet.id}"
            spans.append(Span(sheet.name, "plain" if on else "quiet", bold=on, act=act))
            if counts and sheet.badge:
                spans.append(Span(f" {sheet.badge}", "quiet", act=act))
            spans.append(Span(" "))
        if width_of(spans) <= width:
            break
    return Line(tuple(spans))


def rule_line(sheets: list[Sheet], shown: str, width: int) -> Line:
    """A rule under the tabs, heavy under the one that is shown."""
    names = tab_line(sheets, shown, width).spans
    before = 0
    for span in names:
        if span.bold:
            break
        before += len(span.text)
    size = len(next(sheet.name for sheet in sheets if sheet.id == shown))
    after = max(0, width - before - size - 1)
    return Line((Span(" " + "─" * (before - 1), "hair"), Span("━" * size), Span("─" * after, "hair")))
