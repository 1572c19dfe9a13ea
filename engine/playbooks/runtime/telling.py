"""What a runtime tells whoever watches: notices, and how an agent looks right now.

Apart because nothing here changes the run; with no listener it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbooks.runtime.notices import (
    AgentChanged,
    AgentStatus,
    AgentView,
    Asked,
    Listener,
    Notice,
    Output,
    WritingDropped,
)

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class Telling:
    """Tells the listeners of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.listeners: list[Listener] = []
        self._views: dict[str, AgentView] = {}
        self._asked: tuple[str, ...] = ()

    def notify(self, notice: Notice) -> None:
        """Tells all listeners."""
        for listener in self.listeners:
            listener(notice)

    def output(self, agent: str, text: str, kind: Any = "print") -> None:
        """A line for Output."""
        self.notify(Output(agent, text, kind))

    def writing_dropped(self, agent: str) -> None:
        """What was being written will not be said."""
        self.notify(WritingDropped(agent))

    def agent_changed(self, agent: str) -> None:
        """Shows what an agent does now, if it changed."""
        if not self.listeners or agent not in self._runtime.state.agents:
            return
        view = self.view(agent)
        if self._views.get(agent) != view:
            self._views[agent] = view
            self.notify(AgentChanged(view))

    def view(self, agent: str) -> AgentView:
        """An agent as it is now."""
        row = self._runtime.state.agent(agent)
        waiter = next((w for w in self._runtime.mailbox.waiters if w.agent == agent), None)
        frames = [frame for frame in self._runtime.frames.live.values() if frame.agent == agent]
        status: AgentStatus = "running"
        if row.status == "failed":
            status = "failed"
        elif waiter:
            status = "waiting"
        elif not frames:
            status = "idle"
        last = frames[-1] if frames else None
        return AgentView(
            agent,
            row.class_name,
            status,
            waiter.target if waiter else "",
            last.step if last else "",
            last.playbook.name if last else "",
            row.created_by,
            row.error,
        )

    def waits_changed(self, agent: str) -> None:
        """An agent began or ceased to wait."""
        self._runtime.effects.activity += 1
        self.agent_changed(agent)
        asked = tuple(waiter.agent for waiter in self._runtime.mailbox.asking())
        if asked != self._asked:
            self._asked = asked
            self.notify(Asked(asked))
