"""The names that programs' code sees besides its own, and the objects behind them: for storing, by name.

Apart from the runtime because it is a table: what a builtin does stands in `builtins`.
"""

from __future__ import annotations

import asyncio
import builtins
from typing import TYPE_CHECKING, Any

from playbooks.language.model import AgentClass
from playbooks.runtime.agent_names import AgentReference, OwnAgent
from playbooks.runtime.asyncio_names import program_asyncio
from playbooks.runtime.call import Call, Running
from playbooks.runtime.meetings import Meeting
from playbooks.runtime.modules import ProgramImport
from playbooks.runtime.names import State
from playbooks.runtime.place import here

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime


class Namespace:
    """The engine's names of one runtime.

    Args:
        runtime: Whose.

    Attributes:
        shared: Those that are the same for all agents.
        import_: What `import` is in programs.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._of: dict[str, dict[str, Any]] = {}
        self._calls: dict[str, frozenset[str]] = {}
        self.shared = self._for_all()

    def _for_all(self) -> dict[str, Any]:
        state = State()

        def sleep(delay: float, result: Any = None) -> Call:
            return self._sleep(delay, result)

        def _print(*values: Any, **options: Any) -> None:  # a function: one that is kept is stored by its name
            self._print(*values, **options)

        shared = {
            **vars(builtins),
            **self._runtime.builtins.names(),
            "asyncio": program_asyncio(sleep, self._runtime.effects.sync),
            "__state__": state,
            "meeting": Meeting(self._runtime),
            "meeting's shared state": self._runtime.shared_state,
            "print": _print,
            "input": _input,
        }
        self.import_ = ProgramImport(shared["asyncio"], self._runtime.effects.sync, self._runtime.imported)
        shared["__builtins__"] = {
            **vars(builtins),
            "print": _print,
            "input": _input,
            "__import__": self.import_,
        }
        return shared

    def begin(self, cls: AgentClass, agent: str) -> dict[str, Any]:
        """What an agent's code finds: the engine's names, its playbooks, the other classes."""
        names = dict(self.shared)
        for other in self._runtime.program.agents:
            if other.kind == "AI":
                names[other.name] = AgentReference(self._runtime, other)
        for playbook in cls.playbooks:
            names[playbook.name] = self._runtime.builtins.caller(None, playbook.name)
        names["self"] = OwnAgent(names, names["__state__"])
        self._of[agent] = names
        self._calls[agent] = self._runtime.builtins.calls | {playbook.name for playbook in cls.playbooks}
        return names

    def is_call(self, agent: str, name: str) -> bool:
        """Whether code of an agent makes an engine call by calling this name, unless it has a variable of that name."""
        return name in self._calls[agent]

    def of(self, agent: str) -> dict[str, Any]:
        """As `begin` gave it, with the functions of the agent's Python blocks."""
        names = self._of[agent]
        for name, value in self._runtime.agents.code_of(agent).names.items():
            if name[:2] != "__" and name not in names:
                names[name] = value
        return names

    def name_of(self, value: object) -> str | None:
        """The name under which the engine offers this very object."""
        if (name := self.import_.name_of(value)) is not None:
            return f"import {name}"
        for agent, names in self._of.items():
            for name, held in names.items():
                if held is value and (name[:2] != "__" or name == "__state__"):
                    return f"{agent}.{name}" if name not in self.shared else name
        return None

    def named(self, name: str) -> object:
        """The object that `name_of` gave this name for."""
        if name.startswith("import "):
            return self.import_.named(name.removeprefix("import "))
        agent, dot, rest = name.partition(".")
        if not dot:
            return self.shared[name]
        names = self._of.get(agent, {})
        cls, space, other = rest.partition(" ")
        if space and rest not in names and other in self._runtime.state.agents:
            return names[cls].to(other, names)
        return names[rest]

    def _sleep(self, delay: float, result: Any = None) -> Call:
        async def run(running: Running) -> Any:
            running.text = f"sleep({delay:g})"
            return await asyncio.sleep(delay, result)

        return Call(self._runtime, "sleep", "await", (delay, result), run)

    def _print(self, *values: Any, sep: str | None = " ", end: str | None = "\n", **_: Any) -> None:
        place = here.get()
        text = (sep if sep is not None else " ").join(map(str, values))
        self._runtime.output(place.frame.agent if place else "", text)


def _input(*_: Any) -> None:
    raise RuntimeError('nobody is at input(): await Say("user", …) asks, and await Yld("user") gives the answer')
