"""Breakpoints: set on what is selected, listed, changed, switched, and taken away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from playbooks.errors import UserError
from playbooks.session.following import ReadOnly
from playbooks.session.run_control import BreakpointView
from playbooks_tui.record import HUMAN
from playbooks_tui.screens.acts.inspecting import InspectingActs, mistake_in_expression
from playbooks_tui.situation import step_name
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.inspector.breaks import BreaksSheet
from playbooks_tui.widgets.inspector.program import ProgramSheet
from playbooks_tui.widgets.inspector.sheet import Target

if TYPE_CHECKING:
    from playbooks_tui.screens.breakpoints import Breakpoints


class BreakingActs(InspectingActs):
    """What says where to stop."""

    _dialog: Breakpoints | None = None
    """The list, opened last."""

    def action_break_here(self) -> None:
        """Sets a breakpoint on what is selected, or takes it away; on one in the list it switches it."""
        target = self.selected
        if target is not None and target.kind == "breakpoint":
            view = self._breakpoint(int(target.name))
            if view is not None:
                self._session(lambda: self.bridge.session.enable_breakpoint(view.id, not view.breakpoint.enabled))
            return
        text = self._place_of(target)
        if not text:
            self.say("there is nothing to stop at: select a row, a step or a line of code")
            return
        if target is not None and target.kind == "variable" and mistake_in_expression(text):
            name = target.name
            self.say(f"what {name} is now is too much to be compared: B takes another condition, as len({name}) > 3")
            return
        same = next((view for view in self.bridge.session.breakpoints if view.text == text), None)
        if same is not None:
            self._session(lambda: self.bridge.session.remove_breakpoint(same.id), f"taken away: {text}")
        else:
            self._session(lambda: self.bridge.session.add_breakpoint(text), f"breakpoint set: {text}")

    def action_breakpoint(self) -> None:
        if self.bridge.session.read_only:
            raise ReadOnly(self.bridge.session.id, self.bridge.session.why_read_only)
        from playbooks_tui.screens.breakpoints import Breakpoints

        self._dialog = Breakpoints(self.bridge.session, self._place_of(self.selected))
        self.app.push_screen(self._dialog)

    def _breakpoint(self, id: int) -> BreakpointView | None:
        return next((view for view in self.bridge.session.breakpoints if view.id == id), None)

    def _place_of(self, target: Target | None) -> str:
        """What is selected, as a breakpoint's text; empty: nothing to stop at."""
        if target is not None:
            match target.kind:
                case "step":
                    return self._of(step_name(target.name), target.agent)
                case "code":
                    return "line " + self._of(f"{target.name}:{target.line}", target.agent)
                case "variable":
                    inspected = self.query_one(Inspector).inspected
                    values = {v.name: v.value for v in inspected.variables} if inspected else {}
                    return f"{target.name} != {values.get(target.name, 'None') or 'None'}"
        at = self.at
        if at is None:
            return ""
        header = self.record.headers[at]
        if header.kind in ("call", "tool") and (name := re.match(r"\w+", header.text)):
            return f"{header.kind} {name[0]}"
        if header.kind == "error":
            return "error"
        if header.kind == "say" and header.agent != HUMAN and header.peer == HUMAN:
            return f"from {self.record.agents[header.agent].class_name}"
        if header.step:
            return self._of(step_name(header.step), self.record.agents[header.agent].class_name)
        return header.agent if header.agent != HUMAN else ""

    def _of(self, place: str, agent: str) -> str:
        """A place in a playbook, with whose it is where others have one of that name: every agent has a Main."""
        having = [cls.name for cls in self.bridge.session.program.agents if cls.playbook(place.partition(":")[0])]
        return f"{place} of {agent}" if agent and len(having) > 1 else place

    def _session(self, act: Callable[[], object], words: str = "") -> None:
        try:
            act()
        except UserError as error:
            self.say(str(error))
        else:
            self.draw_breakpoints()
            if words:
                self.say(words)

    # -- drawing ---------------------------------------------------------------------------------------------

    def draw_breakpoints(self) -> None:
        """Takes up what the session has now."""
        inspector, session = self.query_one(Inspector), self.bridge.session
        breaks, program = inspector.sheets["breaks"], inspector.sheets["program"]
        assert isinstance(breaks, BreaksSheet) and isinstance(program, ProgramSheet)
        breaks.breakpoints, breaks.on_error = session.breakpoints, session.stops_on_error
        program.broken = tuple(view for view in breaks.breakpoints if view.breakpoint.kind == "step")
        inspector.redraw()
        if self._dialog is not None and self.app.screen is self._dialog:
            self._dialog.draw()
