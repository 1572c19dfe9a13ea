"""A program running: its agents, their frames, and what holds them together.

The parts have a file each; here is what they share, and how a run begins, fails and ends.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import time
from collections.abc import Coroutine
from typing import Any

import msgspec

from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.models.base import Model, ModelSettings
from playbooks.runtime.actors import Actors
from playbooks.runtime.agents import Agents
from playbooks.runtime.asking import Asking
from playbooks.runtime.breaking import Broken
from playbooks.runtime.builtins import Builtins
from playbooks.runtime.committing import Committing
from playbooks.runtime.context import Context
from playbooks.runtime.control import Control
from playbooks.runtime.effects import Effects
from playbooks.runtime.frames import Frames
from playbooks.runtime.intents import Intents
from playbooks.runtime.journal import Journal
from playbooks.runtime.mailbox import Mailbox
from playbooks.runtime.meetings import Meetings, SharedState
from playbooks.runtime.messages import Messages
from playbooks.runtime.namespace import Namespace
from playbooks.runtime.notices import RunStatus, StatusChanged
from playbooks.runtime.player import Player
from playbooks.runtime.positions import Positions
from playbooks.runtime.recorded import RecordedCalls
from playbooks.runtime.replay import Replay
from playbooks.runtime.replayed_edits import make_edit
from playbooks.runtime.signals import Diverged
from playbooks.runtime.standstill import Standstill
from playbooks.runtime.targets import HUMAN
from playbooks.runtime.telling import Telling
from playbooks.runtime.values import Values
from playbooks.runtime.work_clock import WorkClock
from playbooks.state import Event, ProgramState
from playbooks.state import events as e


class RunSettings(msgspec.Struct, frozen=True):
    """Limits of a run, from the configuration."""

    max_llm_calls: int = 100
    max_failures: int = 3
    artifact_result_threshold: int = 500
    message_batch_timeout: float = 0.5
    message_batch_max_wait: float = 2.0
    max_value_bytes: int | None = 10_000_000


class Runtime:
    """One branch of one session, running or about to.

    Args:
        program: What runs.
        model: Who answers.
        journal: Where its events go; its state is the one to go on from.
        settings: Limits.
        model_settings: What a request carries to the model.
    """

    def __init__(
        self,
        program: Program,
        model: Model,
        journal: Journal,
        settings: RunSettings | None = None,
        model_settings: ModelSettings | None = None,
    ) -> None:
        self.program, self.journal, self.settings = program, journal, settings or RunSettings()
        self.model_settings = model_settings or ModelSettings()
        self.state: ProgramState = journal.state
        self.durable = journal.durable
        self.telling = Telling(self)
        self.listeners = self.telling.listeners
        self.notify, self.output = self.telling.notify, self.telling.output
        self.agent_changed, self.waits_changed = self.telling.agent_changed, self.telling.waits_changed
        self.writing_dropped = self.telling.writing_dropped
        self.status: RunStatus = "ready"
        self.phrase = ""
        self.error = ""
        self.crash: BaseException | None = None
        """What failed the run."""
        self.needs_input = False
        self.input_closed = False
        self.stopping = False
        self.imported: set[str] = set()
        self.model = model
        self._tick = int(self.state.count.get("tick", 0))
        self._tasks: set[asyncio.Task[Any]] = set()
        self._done: asyncio.Future[RunStatus] | None = None
        self.clean_context = contextvars.copy_context()
        """In which no program's code runs: for the engine's own tasks."""
        self.replay = Replay()
        self.recorded: RecordedCalls | None = None
        """Of the branch that this one left from."""
        self.positions = Positions()
        self.values = Values(self, self.settings.max_value_bytes)
        self.intents = Intents(self)
        self.effects = Effects(self)
        self.frames = Frames(self)
        self.player = Player(self)
        self.asking = Asking(self)
        self.context = Context(self)
        self.builtins = Builtins(self)
        self.messages = Messages(self)
        self.mailbox = Mailbox(self)
        self.meetings = Meetings(self)
        self.control = Control(self)
        self.committing = Committing(self)
        self.commit, self.commit_agent = self.committing.commit, self.committing.commit_agent
        self.intend = self.committing.intend
        self.agents = Agents(self)
        self.actors = Actors(self)
        self.shared_state = SharedState(self)
        self.namespace = Namespace(self)
        self.standstill = Standstill(self)
        self.worked = WorkClock()

    # -- a run's life --------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Makes the agents: those of a new program, or those of the state to go on from.

        Raises:
            Exception: Whatever a Python block raised.
        """
        if self.state.agents:
            for agent in [agent for agent in self.state.agents if agent != HUMAN]:
                self.agents.load(agent)
            self.replay_from_here()
            return
        self.emit(e.AgentCreated(HUMAN, self.agents.human_name()))
        for cls in self.program.agents:
            if cls.kind == "AI" and not cls.standby:
                for event in self.agents.new(cls, "", {})[1]:
                    self.emit(event)

    def replay_from_here(self) -> None:
        """What is recorded by now is served when the run begins; to be said again when a fork has added its edits."""
        self.replay = Replay(self.state, functools.partial(make_edit, self), self._replayed)

    def _replayed(self) -> None:
        """What was in flight goes on in this round of the loop, so that who waits for the person waits in the next."""
        asyncio.get_running_loop().call_soon(self.messages.deliver)

    async def run(self) -> RunStatus:
        """Runs until the program finished, failed, or was interrupted; what is over is over, and only told again."""
        if self._done is not None and self._done.done():
            return self.status
        loop = asyncio.get_running_loop()
        loop.set_task_factory(self.effects.task_factory)  # type: ignore[arg-type]
        self.clean_context = contextvars.copy_context()
        self._done = loop.create_future()
        self.set_status("running")
        for agent in list(self.state.agents):
            self.agent_changed(agent)
            self.actors.start(agent)
        if not self.messages.deliver() and not self._begins():
            what = "nothing in this program begins by itself: give a playbook the trigger `When the program starts`"
            self.output("", what, "warning")
        self.standstill.poke()
        try:
            return await self._done
        finally:
            await self.close()

    def _begins(self) -> bool:
        """Whether any agent has begun something, or will."""
        agents = [agent for agent in self.state.agents if agent != HUMAN]
        return any(self.state.agent(agent).roots for agent in agents) or any(
            playbook.starts for agent in agents for playbook in self.agents.class_of(agent).playbooks
        )

    def end(self) -> None:
        """The program ends for all agents."""
        self.finish("finished")

    def fail(self, reason: str) -> None:
        """The run can't go on."""
        self.error = self.error or reason
        self.finish("failed")

    def diverged(self, what: str) -> Diverged:
        """Fails the run: the code no longer does what was recorded. To be raised."""
        error = Diverged(f"{what}; fork from an earlier checkpoint instead")
        self.replay.fail(error)
        self.fail(error.reason)
        return error

    @property
    def under_way(self) -> bool:
        """The run has begun and not ended."""
        return self._done is not None and not self._done.done()

    def finish(self, status: RunStatus) -> None:
        """Ends the run."""
        self.stopping = True
        if self._done is not None and not self._done.done():
            self._done.set_result(status)
        self.set_status(status, self.error)

    async def interrupt(self, grace: float = 5.0) -> None:
        """Stops at once, keeping everything: no effect begins any more, tools in flight get a moment, then all is
        sealed.

        Args:
            grace: Seconds for tools in flight; what they give is kept, and not returned.
        """
        if self.stopping:
            return
        self.stopping = True
        for frame in self.frames.live.values():
            self.asking.flush(frame)
            if frame.response and frame.response.task:
                frame.response.task.cancel()
        end = time.monotonic() + grace
        while time.monotonic() < end and any(  # noqa: ASYNC110
            not call.waits and call.kind in ("tool", "await") and call.label != "sleep"
            for call in self.effects.in_flight.values()
        ):
            await asyncio.sleep(0.01)
        try:
            head = self.journal.head
            self.asking.drop()
            if self.durable and head and not self.journal.sealed and self.replay.over:
                last = next((h for h in reversed(self.journal.last.values()) if h.agent != HUMAN), head)
                begun = next((row[0] for row in self.state.frames.values()), last.agent)
                self.commit_agent(
                    begun if last.kind == "start" else last.agent,
                    "interrupt",
                    last.statement,
                    [],
                    text="interrupted",
                    step=last.step,
                    playbook=last.playbook,
                    line=last.line,
                )
        finally:
            self.finish("interrupted")

    async def close(self) -> None:
        """Seals the run and drops all its tasks."""
        self.stopping = self.journal.sealed = True
        for _ in range(3):
            pending = [task for task in self._tasks if not task.done() and task is not asyncio.current_task()]
            if not pending:
                break
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=0.2)
        asyncio.get_running_loop().set_task_factory(None)

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of the engine's own; what it raises fails the run."""
        loop = asyncio.get_running_loop()
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, context=self.clean_context.copy())
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None or self.stopping or isinstance(error, Broken):
            return
        reason = str(error) if isinstance(error, UserError) else getattr(error, "reason", None)
        self.crash = error
        self.fail(reason or f"{type(error).__name__}: {error}")

    def is_cancelling(self) -> bool:
        """Whether the running task is being cancelled, by a timeout or the end of the run; else a `CancelledError` is
        one that the program's code let out, of a task that it cancelled itself.
        """
        task = asyncio.current_task()
        return self.stopping or (task is not None and task.cancelling() > 0)

    async def never(self) -> Any:
        """Does not return: the run is over for whoever calls this."""
        if self.journal.sealed:
            raise asyncio.CancelledError
        await asyncio.get_running_loop().create_future()

    def set_status(self, status: RunStatus, phrase: str = "") -> None:
        """Says what the run as a whole does, when that changed."""
        if (status, phrase) != (self.status, self.phrase):
            self.status, self.phrase = status, phrase
            self.worked.stands(status == "paused")
            self.notify(StatusChanged(status, phrase))

    # -- events --------------------------------------------------------------------------------------------------------

    def tick(self) -> int:
        """The next number of what begins or ends, program-wide."""
        self._tick += 1
        return self._tick

    def emit(self, event: Event) -> None:
        """Takes up what happened."""
        self.journal.emit(event)

    def wake(self, agent: str) -> None:
        """There may be something for an idle agent to begin."""
        self.effects.activity += 1
        self.actors.wake(agent)

    def close_input(self) -> None:
        """Nothing more will be said by the person."""
        self.input_closed = True
        self.standstill.poke()
