"""Comparing, following a variable, watching, breakpoints, and the tabs of the inspector."""

from __future__ import annotations

from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.widgets.inspector import Inspector


class InspectingActs(Acts):
    """What is asked about values."""

    def action_compare(self) -> None:
        self.say("not there yet")

    def action_who(self) -> None:
        self.say("not there yet")

    def action_watch(self) -> None:
        self.say("not there yet")

    def action_break_here(self) -> None:
        self.say("not there yet")

    def action_breakpoint(self) -> None:
        self.say("not there yet")

    def turn_to(self, tab: str) -> None:
        """Shows a tab of the inspector."""
        self.query_one(Inspector).turn_to(tab)
        self.show_tab("inspector")

    def action_state(self) -> None:
        self.turn_to("state")

    def action_code(self) -> None:
        self.turn_to("code")

    def action_prompt(self) -> None:
        self.turn_to("prompt")

    def action_program(self) -> None:
        self.turn_to("program")

    def action_breaks(self) -> None:
        self.turn_to("breaks")

    def action_output(self) -> None:
        self.turn_to("output")
