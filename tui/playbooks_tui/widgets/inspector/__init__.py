"""The inspector: one agent at one moment, in six tabs; it never executes anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip

from playbooks.runtime.asking import CallUnderWay
from playbooks_tui.inspected import Deep, Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, width_of
from playbooks_tui.widgets.inked import Pane
from playbooks_tui.widgets.inspector.breaks import BreaksSheet
from playbooks_tui.widgets.inspector.code import CodeSheet
from playbooks_tui.widgets.inspector.output import OutputSheet
from playbooks_tui.widgets.inspector.program import ProgramSheet
from playbooks_tui.widgets.inspector.prompt import PromptSheet
from playbooks_tui.widgets.inspector.sheet import Sheet, Target
from playbooks_tui.widgets.inspector.state import StateSheet

_HEAD: Final = 2
"""Rows that do not scroll: the tabs, and the rule under them."""


class Inspector(Pane):
    """The frame around the tabs: their names, the one that is shown, and which of its lines is selected."""

    BINDINGS = [
        Binding(
            "up,k",
            "select(-1)",
            "line before",
            show=False,
            id="inspector.up",
            tooltip="The line before that can be selected",
        ),
        Binding(
            "down,j",
            "select(1)",
            "next line",
            show=False,
            id="inspector.down",
            tooltip="The next line that can be selected",
        ),
        Binding("pageup,ctrl+u", "leaf(-1)", "page up", show=False, id="inspector.page_up", tooltip="A page up"),
        Binding("pagedown,ctrl+d", "leaf(1)", "page down", show=False, id="inspector.page_down", tooltip="A page down"),
        Binding(
            "enter", "choose", "choose", show=False, id="inspector.choose", tooltip="Go there, change it, or switch it"
        ),
    ]

    @dataclass
    class Selected(Message):
        """Another line is selected."""

        target: Target

    @dataclass
    class Chosen(Message):
        """Enter on a line, or a second click."""

        target: Target

    def __init__(self, record: Record) -> None:
        super().__init__(id="inspector")
        self.inspected: Inspected | None = None
        self._at_moment = False
        self._cursors: dict[str, Target] = {}
        self._keys = False
        """Whether the selected line is shown: the keys are here, or it was clicked."""
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
            if id not in self._tops:
                self._show_focus()

    def show(self, inspected: Inspected | None, *, at_moment: bool) -> None:
        """Draws an agent's moment.

        Args:
            inspected: What was read; None: there is no checkpoint yet.
            at_moment: Whether it is a moment stood at (amber), or just the newest.
        """
        other = self.inspected is None or inspected is None or inspected.agent != self.inspected.agent
        self.inspected, self._at_moment = inspected, at_moment
        if other:
            for sheet in self.sheets.values():
                sheet.deep = None
        self._lay_out(0 if other and not self.sheet.follows else None)
        self._show_focus()

    def deepen(self, deep: Deep) -> None:
        """Draws what took longer to find."""
        for sheet in self.sheets.values():
            sheet.deep = deep
        self._lay_out()

    @property
    def deep(self) -> Deep | None:
        """What took longer to find, of what is inspected."""
        return self.sheet.deep

    def follow_call(self, call: CallUnderWay | None) -> None:
        """Draws the model call of the agent that is inspected, as it is just now; None: there is none."""
        state = self.sheets["state"]
        assert isinstance(state, StateSheet)
        if state.call != call:
            state.call = call
            if self.shown == state.id and self.display:
                self._lay_out()

    def _show_focus(self) -> None:
        """Brings the line that the moment is about into sight."""
        line = self.sheet.focus_line
        if line is not None:
            self.reveal(max(0, line - 3), line + 3, fixed=_HEAD)

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

    def redraw(self) -> None:
        """Draws what the sheets were given anew."""
        self._lay_out()

    def on_resize(self) -> None:
        super().on_resize()
        self._lay_out()
        self._show_focus()

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

    # -- selecting -------------------------------------------------------------------------------------------

    @property
    def selected(self) -> Target | None:
        """The line that is selected in this tab; None: none was, or it is not there any more."""
        cursor = self._cursors.get(self.shown)
        return cursor if cursor in self.sheet.targets.values() else None

    def _select(self, target: Target) -> None:
        self._cursors[self.shown] = target
        self._keys = True
        y = next(y for y, other in self.sheet.targets.items() if other == target)
        self.reveal(y, fixed=_HEAD)
        self.refresh()
        self.post_message(self.Selected(target))

    def action_select(self, by: int) -> None:
        """Goes to the next line that can be selected; without one it scrolls."""
        targets = list(dict.fromkeys(self.sheet.targets.values()))
        if not targets:
            self.scroll_to(y=self.scroll_target_y + by, animate=False, immediate=True, force=True)
            return
        now = self.selected
        if now is None:
            top = int(self.scroll_offset.y)
            seen = [target for y, target in self.sheet.targets.items() if y >= top]
            self._select(seen[0] if seen else targets[0])
        else:
            place = min(len(targets) - 1, max(0, targets.index(now) + by))
            if targets[place] == now:  # what stands above the first and below the last
                self.scroll_to(y=self.scroll_target_y + by, animate=False, immediate=True, force=True)
            self._select(targets[place]) if targets[place] != now else None

    def action_leaf(self, by: int) -> None:
        """A page up or down."""
        page = max(1, self.scrollable_content_region.height - _HEAD - 1)
        self.scroll_to(y=self.scroll_target_y + by * page, animate=False, immediate=True, force=True)

    def action_choose(self) -> None:
        """What the line stands for is meant."""
        if (target := self.selected) is not None:
            self.post_message(self.Chosen(target))

    def on_focus(self) -> None:
        self._keys = True
        self.refresh()

    def on_blur(self) -> None:
        self._keys = False
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < _HEAD:
            return
        target = self.sheet.targets.get(offset.y - _HEAD + int(self.scroll_offset.y))
        if target is None:
            return
        if target == self.selected:
            self.post_message(self.Chosen(target))
        else:
            self._select(target)

    # -- drawing ---------------------------------------------------------------------------------------------

    def paint(self, y: int) -> Strip:
        width = self._width
        if y == 0:
            return self.strip(tab_line(list(self.sheets.values()), self.shown, width), width)
        if y == 1:
            return self.strip(rule_line(list(self.sheets.values()), self.shown, width), width)
        return self.strip(self.line(y - _HEAD + self._top), width)

    def line(self, y: int) -> Line:
        line = self.sheet.line(y)
        target = self.sheet.targets.get(y)
        chosen = self._keys and target is not None and target == self._cursors.get(self.shown)
        return replace(line, ground="chosen") if chosen else line


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
