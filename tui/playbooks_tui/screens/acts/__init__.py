"""What the keys do, a subject a file; `Debugging` is the main screen with all of them.

Apart from what is drawn: each act changes the standing or asks the session, and says why when it can't.
"""

from __future__ import annotations

from typing import Any

from textual.message import Message

from playbooks_tui.keys import BINDINGS
from playbooks_tui.record import Touched
from playbooks_tui.screens.acts.breaking import BreakingActs
from playbooks_tui.screens.acts.exporting import ExportingActs
from playbooks_tui.screens.acts.finding import FindingActs
from playbooks_tui.screens.acts.looking import LookingActs
from playbooks_tui.screens.acts.marking import MarkingActs
from playbooks_tui.screens.acts.moving import MovingActs
from playbooks_tui.screens.acts.panes import PaneActs
from playbooks_tui.screens.acts.reloading import ReloadingActs
from playbooks_tui.screens.acts.running import RunningActs
from playbooks_tui.screens.acts.talking import TalkingActs
from playbooks_tui.widgets.inspector import Inspector


class Debugging(
    RunningActs,
    MovingActs,
    LookingActs,
    FindingActs,
    MarkingActs,
    ReloadingActs,
    BreakingActs,
    PaneActs,
    TalkingActs,
    ExportingActs,
):
    """The main screen, with its keys."""

    BINDINGS = list(BINDINGS)

    class Closed(Message):
        """The engine's thread is done."""

    class Leave(Message):
        """The person wants to leave."""

    def __init__(self, *arguments: Any, begin: bool = True, held: bool = False, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._begins, self._held = begin, held

    def on_mount(self) -> None:
        super().on_mount()
        self.draw_breakpoints()
        self.watch_files()
        inspector = self.query_one(Inspector)
        if self.first_tab in inspector.sheets:
            self.prompting = self.first_tab == "prompt"
            inspector.turn_to(self.first_tab)
        self.bridge.tally()
        if self._begins:
            self.begin_run(held=self._held)

    def told(self, touched: Touched) -> None:
        super().told(touched)
        if touched.breaks:
            self.draw_breakpoints()
        if self.bridge.over.done():
            self.post_message(self.Closed())

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_help(self) -> None:
        from playbooks_tui.screens.help import Help

        self.app.push_screen(Help(self.keys, self.focused))

    def action_leave(self) -> None:
        self.post_message(self.Leave())
