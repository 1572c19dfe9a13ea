"""An agent's own life: the playbooks it begins by itself, one after the other, and listening when none runs.

A playbook with `When the program starts`, or with `cli_entry: true`, runs at the agent's creation. After that an agent
whose playbooks have other triggers is handed to its model whenever messages arrive, as the playbook `OnMessage`:
conditions and events are the model's to judge.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playbooks.language.model import AgentClass, Playbook
from playbooks.runtime.frames import Beginning
from playbooks.runtime.replay import NEW
from playbooks.runtime.signals import PlaybookFailed, ProgramEnded, Returned
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.runtime import Runtime

ON_MESSAGE = Playbook(
    name="OnMessage",
    description=(
        "Messages arrived while you were doing nothing; they are shown above. If one of the triggers of your playbooks"
        " has come true, record it with Trigger and call that playbook. Otherwise answer if an answer is due. Then"
        " Return."
    ),
)


class Actors:
    """The agents' tasks."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.idle: set[str] = set()
        self._events: dict[str, asyncio.Event] = {}

    def start(self, agent: str) -> None:
        """Begins, or goes on with, an agent's life."""
        if agent != "human":
            self.tasks[agent] = self._runtime.spawn(self._live(agent))

    async def _live(self, agent: str) -> None:
        runtime, state = self._runtime, self._runtime.state
        try:
            while True:
                row = state.agent(agent)
                if row.status == "failed":
                    self._rest(agent)
                    return
                if row.root in state.frames:
                    await self._root(agent, None, row.roots)
                    continue
                if not runtime.replay.over:  # not begun at the cut
                    await runtime.replay.go_live(NEW)
                    continue
                await self._root(agent, await self._next(agent, row.roots), row.roots + 1)
        except ProgramEnded:
            runtime.end()

    async def _next(self, agent: str, done: int) -> Beginning:
        """What the agent does next of its own accord; waits until there is something."""
        runtime = self._runtime
        cls = runtime.agents.class_of(agent)
        begins = [playbook for playbook in cls.playbooks if playbook.starts]
        if done < len(begins):
            return Beginning(begins[done])
        while True:
            if meeting := runtime.meetings.invitation(agent):
                if part := runtime.meetings.part_of(agent, meeting):
                    return Beginning(part, meeting, arguments=runtime.meetings.arguments(meeting, part))
                runtime.emit(e.RootStarted(agent, runtime.state.agent(agent).roots, 0, meeting))
                continue
            if listens(cls) and (ids := tuple(sorted(runtime.state.inbox.get(agent, ())))):
                rows = [runtime.state.message(id) for id in ids]
                told = "\n".join(f"{runtime.agents.title(row.sender)} said: {row.text}" for row in rows)
                return Beginning(ON_MESSAGE, "", ids, told, agent)
            self._rest(agent)
            await self._wake(agent)
            self.idle.discard(agent)

    async def _wake(self, agent: str) -> None:
        event = self._events.setdefault(agent, asyncio.Event())
        event.clear()
        await event.wait()

    def wake(self, agent: str) -> None:
        """There may be something for the agent to begin."""
        if event := self._events.get(agent):
            event.set()

    def _rest(self, agent: str) -> None:
        self.idle.add(agent)
        self._runtime.agent_changed(agent)
        self._runtime.standstill.poke()

    async def _root(self, agent: str, begin: Beginning | None, n: int) -> None:
        runtime, state = self._runtime, self._runtime.state
        self.idle.discard(agent)
        try:
            await runtime.frames.root(agent, begin, n)
        except Returned:
            pass
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and runtime.is_cancelling():
                raise
            told = str(error) if isinstance(error, PlaybookFailed) else f"{type(error).__name__}: {error}"
            reason = " ".join(told.split())
            if not runtime.replay.over:
                runtime.replay.came_to(reason)
                await runtime.replay.go_live(NEW)
            frame = state.agent(agent).root
            runtime.commit_agent(
                agent,
                "error",
                "",
                [*runtime.meetings.left_by(frame), e.FrameDropped(frame), e.AgentStatus(agent, "failed", reason)],
                text=f"{runtime.agents.class_of(agent).name} failed: {reason}",
            )
            runtime.meetings.wake()
            runtime.agent_changed(agent)
            return
        if (frame := state.agent(agent).root) in state.frames:
            for event in (*runtime.meetings.left_by(frame), e.FrameDropped(frame)):
                runtime.emit(event)
        runtime.emit(e.AgentStatus(agent, "idle"))
        runtime.meetings.wake()


def listens(cls: AgentClass) -> bool:
    """Whether the agent has triggers that messages may make true."""
    return any(trigger.kind != "BGN" for playbook in cls.playbooks for trigger in playbook.triggers)
