"""Enters frames: a playbook that is called, one that an agent begins by itself, and a saved one that goes on.

Apart from the player because entering is the same for model code and for a Python playbook, whose whole body is one
unit.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from playbooks.language.model import Playbook
from playbooks.runtime.arguments import spread
from playbooks.runtime.breaking import Broken
from playbooks.runtime.call import Running
from playbooks.runtime.frame import Frame
from playbooks.runtime.place import Place, here
from playbooks.runtime.signals import Returned
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

MAX_DEPTH = 50
"""Playbooks within playbooks; beyond it a call raises `RecursionError`."""
_HEADROOM = 250
"""Frames of Python's stack that are left to the engine: code that nests deep by itself must not break it half-way."""


class Beginning(msgspec.Struct, frozen=True):
    """A playbook that an agent begins of its own accord."""

    playbook: Playbook
    meeting: str = ""
    """The meeting that it takes part in by it."""
    messages: tuple[int, ...] = ()
    """Those that it answers: taken as it begins."""
    told: str = ""
    """The messages, as the model is shown them."""
    agent: str = ""
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    """Of a meeting, those that its leader was called with."""

    def events(self, frame: int) -> list[e.Event]:
        """What happens with the beginning."""
        if not self.messages:
            return []
        return [e.MessagesTaken(self.agent, self.messages), e.Noted(frame, "heard", self.told)]


def _python_depth() -> int:
    frame, depth = sys._getframe(), 0
    while (back := frame.f_back) is not None:
        frame, depth = back, depth + 1
    return depth


class Frames:
    """The frames of one runtime that live in this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.live: dict[int, Frame] = {}
        """By id, oldest first."""
        self.said: dict[int, dict[tuple[int, ...], str]] = {}
        """Of saved frames that have not gone on yet, what they said to the person last, by task."""

    async def call(self, running: Running, agent: str, playbook: Playbook, arguments: dict[str, Any]) -> Any:
        """Runs a playbook for a call; a saved frame goes on where it was."""
        runtime = self._runtime
        record = runtime.state.record.get((running.frame.id, running.unit), {})
        child = record.get(("child", running.path, running.n))
        if child is not None:
            return await self._run(self._saved(child[0]))
        depth, parent = 1, running.frame.id
        while parent := runtime.state.frames[parent][3]:
            depth += 1
        if depth >= MAX_DEPTH:
            raise RecursionError(f"playbooks are nested deeper than {MAX_DEPTH}")
        if _python_depth() > sys.getrecursionlimit() - _HEADROOM:
            raise RecursionError(f"playbooks and the code that calls them are nested too deep, {depth} playbooks")
        arguments = runtime.agents.entered(agent, arguments)
        meeting = runtime.meetings.open(agent, playbook, arguments) if playbook.meeting else ""
        id = self._next_id()
        data = runtime.values.encode(arguments) if runtime.durable else b""
        place = (running.frame.id, running.unit, running.path, running.n)
        runtime.emit(e.FrameEntered(id, agent, playbook.name, data, *place, meeting))
        copy = runtime.values.decode(data) if runtime.durable else runtime.values.copy(arguments)
        return await self._run(Frame(id, agent, playbook, copy, running.frame.id))

    async def root(self, agent: str, begin: Beginning | None, n: int) -> Any:
        """Runs an agent's nth playbook of its own accord; `begin` None goes on with its saved one."""
        runtime = self._runtime
        if begin is None:
            return await self._run(self._saved(runtime.state.agent(agent).root))
        playbook, meeting = begin.playbook, begin.meeting
        named = {**self._named_alike(playbook, agent), **begin.arguments}
        arguments = runtime.agents.entered(agent, runtime.agents.bind(playbook, agent, (), named))
        if playbook.meeting and not meeting:
            meeting = runtime.meetings.open(agent, playbook, arguments)
        id = self._next_id()
        data = runtime.values.encode(arguments) if runtime.durable else b""
        runtime.emit(e.FrameEntered(id, agent, playbook.name, data, meeting=meeting))
        runtime.emit(e.RootStarted(agent, n, id, begin.meeting))
        for event in begin.events(id):
            runtime.emit(event)
        copy = runtime.values.decode(data) if runtime.durable else runtime.values.copy(arguments)
        return await self._run(Frame(id, agent, playbook, copy, 0))

    def _named_alike(self, playbook: Playbook, agent: str) -> dict[str, Any]:
        """Nobody calls a playbook that begins by itself: what it can't do without is the agent's, `--set` included."""
        needed = [parameter.name for parameter in playbook.parameters if parameter.default is None]
        found = {name: self._runtime.agents.variable_of(agent, name) for name in needed}
        return {name: held[0] for name, held in found.items() if held is not None}

    def _next_id(self) -> int:
        return int(self._runtime.state.count.get("frame", 0)) + 1

    def _saved(self, id: int) -> Frame:
        runtime = self._runtime
        row = runtime.state.frame(id)
        playbook = runtime.agents.playbook_of(row.agent, row.playbook)
        frame = Frame(id, row.agent, playbook, runtime.values.decode(row.arguments), row.parent)
        frame.unit = runtime.state.progress_of(id).unit
        frame.step = runtime.state.step.get(id, "")
        for path, text in sorted(self.said.pop(id, {}).items(), key=lambda said: len(said[0])):
            frame.asks(path, text)
        return frame

    async def _run(self, frame: Frame) -> Any:
        runtime = self._runtime
        frame.since = runtime.worked()
        if frame.id in runtime.state.returned:
            return runtime.values.decode(runtime.state.returned[frame.id])
        self.live[frame.id] = frame
        token = here.set(Place(runtime, frame))
        try:
            runtime.agent_changed(frame.agent)
            if frame.playbook.mode == "python":
                return await self._python(frame)
            names = await runtime.player.begin(frame)
            raw = frame.playbook.mode == "raw"
            return await (runtime.player.raw(frame) if raw else runtime.player.play(frame, names))
        except Returned:  # in Python, or in a description; in model code it ends a statement
            return runtime.values.decode(runtime.state.returned[frame.id])
        except Broken:  # the run is being left: whatever waits for the frame is in flight, and not cancelled
            await runtime.never()
        finally:
            here.reset(token)
            del self.live[frame.id]
            self._abandon(frame)
            runtime.agent_changed(frame.agent)

    def _abandon(self, frame: Frame) -> None:
        """Drops what the frame still has under way."""
        for task in frame.tasks:
            task.cancel()
        if frame.response and frame.response.task:
            frame.response.task.cancel()
        frame.unbegun.clear()

    async def _python(self, frame: Frame) -> Any:
        """A Python playbook: its whole body is the unit."""
        function = self._runtime.agents.code_of(frame.agent).functions[frame.playbook.name]
        by_place, by_name = spread(function, frame.arguments)
        value = function(*by_place, **by_name)
        if inspect.isawaitable(value):
            value = await value
        place = here.get()
        assert place
        place.flush()
        await self._runtime.player.settle(frame)
        return value
