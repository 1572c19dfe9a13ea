"""Agents as names in code: the agent's own, `self`, and a class of the program, `Buyer`.

Apart from the builtins because these are no calls: they only find the call that is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbooks.language.model import AgentClass, Playbook
from playbooks.runtime.place import current
from playbooks.runtime.signals import UnknownTarget
from playbooks.runtime.targets import resolve

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class OwnAgent:
    """`self` in code: `self.Say(…)`, `self.state.x`, `self.Haggle(…)`."""

    __slots__ = ("_names", "state")

    def __init__(self, names: dict[str, Any], state: Any) -> None:
        self._names, self.state = names, state

    @property
    def id(self) -> str:
        """As a target: `agent 1000`."""
        return f"agent {current().frame.agent}"

    def __getattr__(self, name: str) -> Any:
        if name[:1] != "_" and name in self._names:
            return self._names[name]
        raise AttributeError(f"this agent has no {name}; its variables are in self.state")


class AgentReference:
    """An agent class as a name in code: `Buyer.Haggle()`, `Buyer["agent 1001"].Haggle()`."""

    __slots__ = ("_agent", "_class", "_runtime")

    def __init__(self, runtime: Runtime, cls: AgentClass, agent: str | None = None) -> None:
        self._runtime, self._class, self._agent = runtime, cls, agent

    def __getitem__(self, target: Any) -> AgentReference:
        whom = resolve(target, self._runtime.state, self._runtime.program)
        if len(whom.agents) != 1 or self._runtime.state.agents[whom.agents[0]][0] != self._class.name:
            raise UnknownTarget(f"{target} is no {self._class.name}")
        return self.to(whom.agents[0], self._runtime.namespace.of(current().frame.agent))

    def to(self, agent: str, names: dict[str, Any]) -> AgentReference:
        """The reference to one agent of the class; in `names`, so that one that is kept is stored by its name."""
        held = names.setdefault(f"{self._class.name} {agent}", AgentReference(self._runtime, self._class, agent))
        assert isinstance(held, AgentReference)
        return held

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        playbook: Playbook | None = self._class.playbook(name)
        own = current().frame.agent
        agent = self._agent
        if agent is None:
            whom = resolve(self._class.name, self._runtime.state, self._runtime.program)
            agent = whom.agents[0]
        if playbook is None or (not playbook.public and agent != own):
            public = ", ".join(p.name for p in self._class.playbooks if p.public) or "none"
            raise AttributeError(f"{self._class.name} has no public playbook {name}; public: {public}")
        return self._runtime.builtins.caller(agent, name)

    def __str__(self) -> str:
        return self._class.name if self._agent is None else f"agent {self._agent}"
