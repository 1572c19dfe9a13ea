"""Whose pane is shown, and which of them has the keys."""

from __future__ import annotations

from collections.abc import Callable

from playbooks.runtime.targets import HUMAN
from playbooks_tui.screens.acts.base import Acts
from playbooks_tui.widgets.inked import Pane


class PaneActs(Acts):
    """What moves between panes."""

    def action_agent_before(self) -> None:
        self._agent(-1)

    def action_agent_after(self) -> None:
        self._agent(1)

    def _agent(self, by: int) -> None:
        narrow = self.has_class("-narrow")
        # Of the person only a narrow screen has a pane, and nothing is inspected.
        agents = [agent for agent in self.record.lanes if agent in self.panes and (narrow or agent != HUMAN)]
        now = self.shown_tab if narrow else self.inspected_agent()
        if agents in ([], [now]):
            self.say("there is no other agent yet" if agents else "there is no agent yet")
            return
        place = agents.index(now) if now in agents else -1 if by > 0 else 0
        agent = agents[(place + by) % len(agents)]
        if any(pane.id == self.zoomed for pane in self.panes.values()):
            self.zoom(self.panes[agent].id or "")
        elif self.zoomed == "timeline":
            self.say(f"{self.record.title(agent)} is chosen: z shows all panes, and its own")
        self.show_tab(agent)

    def inspected_agent(self) -> str:
        """Whom the inspector shows."""
        return self.agent or (self.seen.inspected.agent if self.seen else "")

    def action_show_tab(self, id: str) -> None:
        """A tab of the narrow layout was clicked."""
        self.show_tab(id)

    def action_zoom(self) -> None:
        focused = self.focused
        if self.zoomed:
            self.zoom("")
        elif isinstance(focused, Pane) and focused.id:
            self.zoom(focused.id)
        else:
            self.zoom("timeline")

    def action_next_pane(self) -> None:
        self._other_pane(self.focus_next)

    def action_pane_before(self) -> None:
        self._other_pane(self.focus_previous)

    def _other_pane(self, move: Callable[[], object]) -> None:
        zoomed = self.zoomed
        if zoomed:
            self.zoom("")
        move()
        if zoomed and isinstance(self.focused, Pane) and self.focused.id:
            self.zoom(self.focused.id)
