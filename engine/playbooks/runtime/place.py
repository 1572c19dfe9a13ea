"""Where effects get their keys, and where an agent's variables are read and written between two awaits.

A key is (unit, task path, n), with n counted as effects begin: every task has its own count, so no race can swap two.

Between two awaits, a *segment*, code works on its own copy of each of the agent's variables that it touched; changes go
back at the next await. A recorded segment is served what it read then, and writes nothing. All tasks stand at an
await when a checkpoint is committed, so none holds half a segment.
"""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any

from playbooks.checkpoints.plain import ATOMS as IMMUTABLE
from playbooks.state import events as e
from playbooks.state.program_state import owner

if TYPE_CHECKING:
    from playbooks.runtime.frame import Frame
    from playbooks.runtime.runtime import Runtime

here: contextvars.ContextVar[Place | None] = contextvars.ContextVar("here", default=None)
"""Whose code is running; None in the engine's own tasks."""


def current() -> Place:
    """The place of the running code.

    Raises:
        RuntimeError: Called from outside a playbook, such as a thread or a callback of a library.
    """
    place = here.get()
    if place is None:
        raise RuntimeError("this can only be called by a playbook's own code, not from a thread or a callback")
    return place


class Place:
    """One task of a frame's unit."""

    __slots__ = ("calls", "copies", "frame", "path", "recorded", "runtime", "syncs", "tasks")

    def __init__(self, runtime: Runtime, frame: Frame, path: tuple[int, ...] = ()) -> None:
        self.runtime, self.frame, self.path = runtime, frame, path
        self.calls = self.tasks = self.syncs = 0
        self.copies: dict[str, list[Any] | None] | None = None
        """name → [value, value as loaded, its encoding as loaded]; None: the agent has no such variable."""
        self.recorded = False

    def child(self) -> Place:
        """The place of the next task made here."""
        self.tasks += 1
        return Place(self.runtime, self.frame, (*self.path, self.tasks))

    def touch(self, name: str) -> list[Any] | None:
        """The segment's copy of an agent's variable; its first element is the value. None: the agent has none."""
        copies = self.copies
        if copies is None:
            copies = self.copies = {}
            record = self.runtime.state.record.get((self.frame.id, self.frame.unit))
            self.recorded = record is not None and ("segment", self.path, self.calls) in record
        elif name in copies:
            return copies[name]
        frame, state = self.frame, self.runtime.state
        if self.recorded:
            found = state.record[frame.id, frame.unit].get(("read", self.path, self.calls, name))
            if found is None:
                raise self.runtime.diverged(
                    f"the replay of {frame.describe()} reads ${name}, which was not read when it was recorded"
                )
            data = found[0]
        else:
            data = state.variables.get(owner(frame.agent, name), {}).get(name)
            if self.runtime.durable:
                self.runtime.emit(e.VariableRead(frame.id, frame.unit, self.path, self.calls, name))
        if data is None:
            copies[name] = None
            return None
        value = self.runtime.values.decode(data)
        loaded = None if type(value) in IMMUTABLE else self.runtime.values.encode(value)
        held = copies[name] = [value, value, loaded]
        return held

    def put(self, name: str, value: Any) -> None:
        """Assigns an agent's variable."""
        held = self.touch(name)
        assert self.copies is not None
        if held is None:
            self.copies[name] = [value, _ABSENT, None]
        else:
            held[0] = value

    def delete(self, name: str) -> None:
        """Deletes an agent's variable.

        Raises:
            NameError: The agent has none of that name.
        """
        if self.touch(name) is None:
            raise NameError(f"name '{name}' is not defined")
        assert self.copies is not None
        self.copies[name] = None

    def next_segment(self) -> None:
        """Ends the segment: an await begins."""
        if self.copies is not None:
            self.flush()
        self.calls += 1
        self.syncs = 0

    def flush(self) -> None:
        """Gives back what was changed, once: at the next await, at the end of a task or unit."""
        copies, self.copies = self.copies, None
        if not copies or self.recorded:
            return
        runtime, agent = self.runtime, self.frame.agent
        for name, held in copies.items():
            if held is None:
                if name in runtime.state.variables.get(owner(agent, name), ()):
                    runtime.emit(e.VariableWritten(owner(agent, name), name, None))
                continue
            value, before, loaded = held
            if value is before and loaded is None:
                continue
            data, degraded = runtime.values.outcome(value, f"${name}")
            if data != loaded:  # compared with the same object encoded, never with stored bytes: sets keep their order
                runtime.committing.degraded += degraded
                runtime.emit(e.VariableWritten(owner(agent, name), name, data))


_ABSENT: Any = object()
