"""One running playbook call: what of it lives in this process only.

Everything durable about a frame is in the state's tables under its id; this holds the objects its code works on.
"""

from __future__ import annotations

import asyncio
import types
from typing import TYPE_CHECKING, Any

from playbooks.language.model import Playbook
from playbooks.runtime.names import Names

if TYPE_CHECKING:
    from playbooks.runtime.call import Call
    from playbooks.runtime.response import Response
    from playbooks.runtime.stored_names import StoredNames
    from playbooks.runtime.witness import Witness


class Frame:
    """A playbook call under way.

    Args:
        id: Counts a session's frames, from 1.
        agent: Id of the agent it belongs to.
        playbook: What is called.
        arguments: Name → value, by copy.
        parent: The calling frame; 0 for a root.
    """

    __slots__ = (
        "agent", "arguments", "asked", "done", "id", "names", "parameters", "parent", "playbook", "response", "since",
        "step", "stored", "tasks", "tool", "unbegun", "unit", "witness",
    )  # fmt: skip

    def __init__(self, id: int, agent: str, playbook: Playbook, arguments: dict[str, Any], parent: int) -> None:
        self.id, self.agent, self.playbook, self.arguments, self.parent = id, agent, playbook, arguments, parent
        self.parameters = tuple(parameter.name for parameter in playbook.parameters)
        self.unit = 0
        self.names: Names | None = None
        """Of model code; a Python playbook's locals are Python's own."""
        self.stored: StoredNames | None = None
        self.witness: Witness | None = None
        self.response: Response | None = None
        self.tasks: set[asyncio.Task[Any]] = set()
        self.unbegun: set[Call | Any] = set()
        """Calls made and not awaited yet."""
        self.tool = playbook.mode == "python"
        """A tool that has not come to an await of its own."""
        self.since = 0.0
        """Until when the last thing it did took, on the clock of what was worked."""
        self.step = ""
        self.asked: dict[tuple[int, ...], tuple[int, str]] = {}
        """What it said to the person last, by task, with the unit; of a frame that goes on, what the record tells."""
        self.done: list[tuple[types.CodeType | None, int, int, str]] = []
        """Calls of the statement under way that have ended: where they stand, and their label."""

    def asks(self, path: tuple[int, ...], text: str) -> None:
        """A task says something to the person; what those that it made had said is older."""
        for known in [known for known in self.asked if known[: len(path)] == path]:
            del self.asked[known]
        self.asked[path] = self.unit, text

    def question(self, path: tuple[int, ...]) -> str:
        """What a task, or the one that made it, said to the person last; empty: not known."""
        for n in range(len(path), -1, -1):
            unit, text = self.asked.get(path[:n], (-1, ""))
            if unit == self.unit or (unit >= 0 and not n):  # a task of a unit before was another
                return text
        return ""

    def describe(self) -> str:
        """As people know it: `Haggle of 1000`."""
        return f"{self.playbook.name} of {self.agent}"
