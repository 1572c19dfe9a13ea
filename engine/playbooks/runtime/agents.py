"""The agents there are: made, found by id, each with its class, its code and its variables.

Apart from `actors`, which gives each of them its life, because calls and looks only ask who somebody is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from playbooks.language.model import AgentClass, Playbook
from playbooks.runtime.actors import ON_MESSAGE
from playbooks.runtime.agent_code import AgentCode
from playbooks.runtime.arguments import bind, evaluate
from playbooks.runtime.targets import HUMAN
from playbooks.state import Event
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class Agents:
    """All agents of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._code: dict[str, AgentCode] = {}

    def new(self, cls: AgentClass, creator: str, arguments: dict[str, Any]) -> tuple[str, list[Event]]:
        """Numbers an agent and runs its Python blocks; the events make it part of the state.

        Raises:
            Exception: Whatever a block raised.
        """
        agent = str(max(int(self._runtime.state.count.get("agent", 1000)), 1000))
        code = AgentCode(self._runtime, cls, self._runtime.namespace.begin(cls, agent))
        self._code[agent] = code
        events: list[Event] = [e.AgentCreated(agent, cls.name, creator, str(arguments.get("name", "")))]
        for name, value in {**code.data, **arguments}.items():
            events.append(e.VariableWritten(agent, name, self._runtime.values.kept(value, f"${name}")))
        return agent, events

    def create(self, cls: AgentClass) -> None:
        """Makes an agent at once, in the next checkpoint whoever commits it."""
        agent, events = self.new(cls, "", {})
        for event in events:
            self._runtime.emit(event)
        self.made(agent)

    def made(self, agent: str) -> None:
        """An agent is part of the state: its life begins."""
        self._runtime.agent_changed(agent)
        self._runtime.actors.start(agent)

    def load(self, agent: str) -> None:
        """Gives an agent of the restored state its code."""
        cls = self.class_of(agent)
        self._code[agent] = AgentCode(self._runtime, cls, self._runtime.namespace.begin(cls, agent))

    def class_of(self, agent: str) -> AgentClass:
        """What the program says of an agent of the state."""
        cls = self._runtime.program.agent(self._runtime.state.agents[agent][0])
        assert cls is not None
        return cls

    def code_of(self, agent: str) -> AgentCode:
        """What an agent's Python blocks defined."""
        return self._code[agent]

    def codes(self) -> Iterable[AgentCode]:
        """Of all agents."""
        return self._code.values()

    def any_names(self) -> dict[str, Any]:
        """Names of one agent, for what is the same for all."""
        return next(iter(self._code.values())).names if self._code else {}

    def playbook_of(self, agent: str, name: str) -> Playbook:
        """An agent's playbook.

        Raises:
            NameError: It has none of that name.
        """
        if name == ON_MESSAGE.name:
            return ON_MESSAGE
        playbook = self.class_of(agent).playbook(name)
        if playbook is None:
            raise NameError(f"{self.class_of(agent).name} has no playbook {name}")
        return playbook

    def title(self, agent: str) -> str:
        """As models and people read it: `Buyer (agent 1001)`."""
        if agent == HUMAN:
            return "user"
        row = self._runtime.state.agents.get(agent)
        return f"{row[0]} (agent {agent})" if row else agent

    def human_name(self) -> str:
        """What the program calls the person."""
        return next((cls.name for cls in self._runtime.program.agents if cls.kind == "Human"), "User")

    def bind(self, playbook: Playbook, agent: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name, defaults filled in; some are yet to be evaluated, by `entered`.

        Raises:
            TypeError: They do not fit the parameters.
        """
        return bind(playbook, self._code[agent].functions.get(playbook.name), arguments, named)

    def entered(self, agent: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments that a playbook of an agent begins with: what its defaults name is the agent's, as it is now.

        Raises:
            Exception: Whatever a default raised.
        """
        return evaluate(arguments, self._runtime.namespace.of(agent), functools.partial(self.variable_of, agent))

    def variable_of(self, agent: str, name: str) -> tuple[Any] | None:
        """An agent's variable by copy, in a tuple; None when it has none of that name."""
        data = self._runtime.state.variables.get(agent, {}).get(name)
        return None if data is None else (self._runtime.values.decode(data),)
