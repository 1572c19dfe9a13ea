"""Breakpoints: all of them in a list to switch, change and take away, and a field for a new one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from playbooks.errors import UserError
from playbooks.session import DebugSession, FollowedSession
from playbooks.session.run_control import BreakpointView
from playbooks_tui.break_forms import forms
from playbooks_tui.spans import Line
from playbooks_tui.widgets.inked import Inked
from playbooks_tui.widgets.inspector.breaks import breakpoint_lines
from playbooks_tui.widgets.inspector.sheet import quiet_line

_ROOM: Final = 66
"""Cells beside the names of the fields."""
_SIGN: Final = 3
"""Cells up to the sign that tells on from off: a click there switches."""


class BreakpointList(Inked):
    """The list."""

    can_focus = True
    BINDINGS = [
        Binding(
            "up,k",
            "go(-1)",
            "breakpoint before",
            show=False,
            id="breakpoints.up",
            tooltip="The breakpoint before; from the first to the field",
        ),
        Binding("down,j", "go(1)", "next breakpoint", show=False, id="breakpoints.down", tooltip="The next breakpoint"),
        Binding("enter,space", "screen.switch", "on or off", show=False, id="breakpoints.switch", tooltip="On or off"),
        Binding(
            "e", "screen.change", "change", show=False, id="breakpoints.change", tooltip="Change its text in the field"
        ),
        Binding(
            "d,delete,backspace",
            "screen.remove",
            "take away",
            show=False,
            id="breakpoints.remove",
            tooltip="Take it away",
        ),
    ]
    DEFAULT_CSS = """
    BreakpointList { height: auto; max-height: 10; min-height: 1; background: $surface; }
    """

    class Above(Message):
        """The field is above the first row."""

    def __init__(self) -> None:
        super().__init__(id="list")
        self.views: Sequence[BreakpointView] = ()
        self.place = 0
        self._lines: list[tuple[int, Line]] = []

    def show(self, views: Sequence[BreakpointView]) -> None:
        """Draws breakpoints."""
        self.views = views
        self.place = max(0, min(self.place, len(views) - 1))
        width = self.scrollable_content_region.width or 74
        self._lines = [(n, line) for n, view in enumerate(views) for line in breakpoint_lines(view, width)]
        self.styles.height = max(1, len(self._lines))
        self.tall(max(1, len(self._lines)))
        self.refresh()

    @property
    def selected(self) -> BreakpointView | None:
        """The one that keys mean."""
        return self.views[self.place] if self.views else None

    def action_go(self, by: int) -> None:
        """To another row; up from the first to the field."""
        if self.place + by < 0 or not self.views:
            self.post_message(self.Above())
            return
        self.place = min(len(self.views) - 1, self.place + by)
        rows = [y for y, (n, _) in enumerate(self._lines) if n == self.place]
        self.reveal(rows[0], rows[-1])
        self.refresh()

    def on_resize(self) -> None:
        self.show(self.views)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        y = offset.y + int(self.scroll_offset.y) if offset else -1
        if offset is not None and 0 <= y < len(self._lines):
            self.place = self._lines[y][0]
            self.refresh()
            if offset.x < _SIGN or event.chain > 1:
                self.call_later(self.screen.run_action, "switch")

    def line(self, y: int) -> Line:
        if not self._lines:
            return quiet_line("none yet") if y == 0 else Line()
        if y >= len(self._lines):
            return Line()
        place, line = self._lines[y]
        chosen = self.has_focus and place == self.place
        return Line(line.spans, "chosen") if chosen else line


class Breakpoints(ModalScreen[None]):
    """Where to stop.

    Args:
        session: Whose breakpoints.
        place: What is selected, as a breakpoint's text, to begin with; empty: nothing.
    """

    BINDINGS = [
        Binding("escape", "close", "close", show=False, id="breakpoints.close", tooltip="Close"),
        Binding("ctrl+s", "submit", "set", show=False, id="breakpoints.submit", tooltip="Set what is in the field"),
        Binding(
            "x",
            "errors",
            "stop on errors",
            show=False,
            id="breakpoints.errors",
            tooltip="Whether an error stops the run",
        ),
    ]
    DEFAULT_CSS = """
    Breakpoints { align: center middle; background: $background 45%; }
    Breakpoints > Vertical {
        width: 80; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
        border: round $foreground; background: $surface; border-subtitle-color: $quiet; border-subtitle-style: none;
    }
    Breakpoints Input, Breakpoints Input:focus { background: $panel; border: none; height: 1; padding: 0; width: 1fr; }
    Breakpoints .name { width: 10; color: $quiet; }
    Breakpoints Horizontal { height: 1; }
    Breakpoints .about { color: $quiet; width: 1fr; }
    Breakpoints #wrong { color: $bad; width: 100%; height: auto; }
    Breakpoints .gap { height: 1; }
    Breakpoints Label { link-style: none; link-color: $foreground; }
    Breakpoints Label { link-style-hover: none; link-color-hover: $foreground; link-background-hover: $panel; }
    """

    def __init__(self, session: DebugSession | FollowedSession, place: str) -> None:
        super().__init__()
        self._session, self._place = session, place
        self._changing: int | None = None
        """Number of the breakpoint whose text is in the field; None: a new one's."""

    def compose(self) -> ComposeResult:
        box = Vertical()
        box.border_title = Content.from_markup("[b]Breakpoints[/]")
        box.border_subtitle = "Esc closes"
        with box:
            with Horizontal():
                yield Label("Stop at", classes="name", id="what")
                yield Input(self._place, compact=True, select_on_focus=True, placeholder="where", id="where")
                yield Label(Content.from_markup("  [@click=screen.submit][b]Enter[/] [$quiet]sets it[/][/]"))
            for text in forms(self._session.program, _ROOM):
                yield Horizontal(Label("", classes="name"), Label(text, classes="about", markup=False))
            yield Label("", id="wrong", markup=False)
            yield Label("", id="command", classes="about", markup=False)
            yield Label("", classes="gap")
            yield BreakpointList()
            yield Label("", classes="gap")
            yield Label("", id="errors")
            keys = "[b]↓[/] [$quiet]to the list:[/]"
            for act, key, words in (
                ("switch", "Enter", "on, off"),
                ("change", "e", "change"),
                ("remove", "d", "take away"),
            ):
                keys += f"  [@click=screen.{act}][b]{key}[/] [$quiet]{words}[/][/]"
            yield Label(Content.from_markup(keys))

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.draw()
        self._tell()

    # -- drawing ---------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Takes up what the session has now."""
        self.query_one(BreakpointList).show(self._session.breakpoints)
        on = self._session.stops_on_error
        state = "[$bad]■[/] an error stops the run" if on else "□ an error does not stop the run"
        self.query_one("#errors", Label).update(
            Content.from_markup(f" [@click=screen.errors]{state}   [b]x[/] [$quiet]switches that[/][/]")
        )

    def _tell(self, wrong: str = "") -> None:
        text = self.query_one(Input).value.strip()
        label = self.query_one("#wrong", Label)
        label.display = bool(wrong)
        label.update(wrong)
        command = f"$ playbooks debug … --break {shlex.quote(text)}" if text else ""
        self.query_one("#command", Label).update(command)
        self.query_one("#what", Label).update("Stop at" if self._changing is None else "Change to")

    # -- acting ----------------------------------------------------------------------------------------------

    def on_input_changed(self) -> None:
        self._tell()

    def on_key(self, event: events.Key) -> None:
        if event.key == "down" and isinstance(self.focused, Input) and self._session.breakpoints:
            self.query_one(BreakpointList).focus()
            event.stop()

    def on_breakpoint_list_above(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self) -> None:
        self.action_submit()

    def action_submit(self) -> None:
        """Sets what is in the field."""
        field = self.query_one(Input)
        text = field.value.strip()
        if not text:
            self._tell("the field is empty: write where to stop")
            return
        try:
            if self._changing is None:
                self._session.add_breakpoint(text)
            else:
                self._session.change_breakpoint(self._changing, text)
        except UserError as error:
            self._tell(str(error))
            return
        self._changing = None
        field.value = ""
        self._tell()
        self.draw()

    def action_switch(self) -> None:
        """On or off."""
        if (view := self.query_one(BreakpointList).selected) is not None:
            self._session.enable_breakpoint(view.id, not view.breakpoint.enabled)
            self.draw()

    def action_change(self) -> None:
        """Puts the selected one's text into the field."""
        if (view := self.query_one(BreakpointList).selected) is not None:
            self._changing = view.id
            field = self.query_one(Input)
            field.value = view.text
            field.focus()

    def action_remove(self) -> None:
        """Takes the selected one away."""
        if (view := self.query_one(BreakpointList).selected) is not None:
            self._session.remove_breakpoint(view.id)
            self.draw()

    def action_errors(self) -> None:
        """Whether an error stops the run."""
        self._session.stop_on_error(not self._session.stops_on_error)
        self.draw()

    def action_close(self) -> None:
        if self._changing is not None:
            self._changing = None
            self.query_one(Input).value = ""
            self._tell()
        else:
            self.dismiss()
