"""Whose pane is shown, and which of them has the keys."""

from __future__ import annotations

from playbooks_tui.screens.acts.base import Acts


class PaneActs(Acts):
    """What moves between panes."""

    def action_agent_before(self) -> None:
        self._agent(-1)

    def action_agent_after(self) -> None:
        self._agent(1)

    def _agent(self, by: int) -> None:
        agents = [agent for agent in self.record.lanes if agent in self.panes]
        if not agents:
            return
        shown = self.query_one_inspected()
        now = self.shown_tab if self.has_class("-narrow") else shown
        place = agents.index(now) if now in agents else -1 if by > 0 else 0
        self.action_show_tab(agents[(place + by) % len(agents)])

    def query_one_inspected(self) -> str:
        """Whom the inspector shows."""
        return self.agent or (self.seen.inspected.agent if self.seen else "")

    def action_show_tab(self, id: str) -> None:
        """A tab of the narrow layout was clicked, or an agent chosen."""
        self.show_tab(id)

    def action_zoom(self) -> None:
        self.say("not there yet")

    def action_next_pane(self) -> None:
        self.focus_next()

    def action_pane_before(self) -> None:
        self.focus_previous()
