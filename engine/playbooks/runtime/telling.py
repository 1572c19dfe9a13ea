"""What a runtime tells whoever watches: notices, and how an agent looks right now.

Apart because nothing here changes the run; with no listener it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from playbooks.runtime.notices import (
    AgentChanged,
    AgentStatus,
    AgentView,
    Asked,
    Listener,
    Notice,
    Output,
    Question,
    WritingDropped,
)

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

_UNKNOWN: Final = Question("", "")
"""Of one who waits in a meeting."""


class Telling:
    """Tells the listeners of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.listeners: list[Listener] = []
        self._views: dict[str, tuple[Any, ...]] = {}
        """Agent → the fields of its view as told last."""
        self._asked = Asked(())

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
        fields = self._fields(agent)
        if self._views.get(agent) != fields:
            self._views[agent] = fields
            self.notify(AgentChanged(AgentView(*fields)))

    def view(self, agent: str) -> AgentView:
        """An agent as it is now."""
        return AgentView(*self._fields(agent))

    def _fields(self, agent: str) -> tuple[Any, ...]:
        row = self._runtime.state.agent(agent)
        waiters = self._runtime.mailbox.waiters
        waiter = next((w for w in waiters if w.agent == agent), None) if waiters else None
        frames = [frame for frame in self._runtime.frames.live.values() if frame.agent == agent]
        status: AgentStatus = "running"
        if row.status == "failed":
            status = "failed"
        elif waiter:
            status = "waiting"
        elif not frames:
            status = "idle"
        last = frames[-1] if frames else None
        step, playbook = (last.step, last.playbook.name) if last else ("", "")
        waits_for = waiter.target if waiter else ""
        return agent, row.class_name, status, waits_for, step, playbook, row.created_by, row.error

    def waits_changed(self, agent: str) -> None:
        """An agent began or ceased to wait."""
        self._runtime.effects.activity += 1
        self.agent_changed(agent)
        asking = self._runtime.mailbox.asking()
        agents = tuple(waiter.agent for waiter in asking)
        questions = [waiter.question or _UNKNOWN for waiter in asking]
        both = list(zip(agents, questions, strict=True))
        # Tasks of one call that spoke before they were made: which of them means it is not known.
        known = (q if both.count((a, q)) < 2 else Question(q.playbook, "") for a, q in both)
        asked = Asked(agents, tuple(known))
        if asked != self._asked:
            self._asked = asked
            self.notify(asked)
