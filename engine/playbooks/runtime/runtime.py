"""A program running: its agents, their frames, and what holds them together.

The parts have a file each; here is what they share, how a run begins, fails and ends, and the one way to a checkpoint.
Commit before publish: `commit` returns when the checkpoint is durable, and everything others may see comes after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import json
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from playbooks.checkpoints import describe
from playbooks.checkpoints.record import Header, Kind
from playbooks.errors import UserError
from playbooks.language.model import AgentClass, Playbook, Program
from playbooks.models.base import Model, ModelSettings
from playbooks.runtime.actors import ON_MESSAGE, Actors
from playbooks.runtime.agent_code import AgentCode
from playbooks.runtime.arguments import Default, bind, evaluate
from playbooks.runtime.asking import Asking
from playbooks.runtime.breaking import Broken
from playbooks.runtime.builtins import Builtins
from playbooks.runtime.call import Running
from playbooks.runtime.context import Context
from playbooks.runtime.control import Control
from playbooks.runtime.effects import Effects
from playbooks.runtime.frame import Frame
from playbooks.runtime.intents import Intents
from playbooks.runtime.journal import Journal
from playbooks.runtime.mailbox import Mailbox
from playbooks.runtime.meetings import Meetings, SharedState
from playbooks.runtime.namespace import Namespace
from playbooks.runtime.notices import (
    Committed,
    MessageHeard,
    MessageSent,
    MessageView,
    RunStatus,
    StatusChanged,
)
from playbooks.runtime.player import Player
from playbooks.runtime.positions import Positions
from playbooks.runtime.recorded import RecordedCalls
from playbooks.runtime.replay import Replay
from playbooks.runtime.signals import Diverged, Sealed
from playbooks.runtime.standstill import Standstill
from playbooks.runtime.targets import HUMAN
from playbooks.runtime.telling import Telling
from playbooks.runtime.values import Values
from playbooks.state import Event, ProgramState
from playbooks.state import events as e

_BRIEF = 120
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunSettings:
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
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        program: Program,
        model: Model,
        journal: Journal,
        settings: RunSettings | None = None,
        model_settings: ModelSettings | None = None,
        clock: Callable[[], float] = time.time,
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
        self.needs_input = False
        self.input_closed = False
        self.stopping = False
        self.imported: set[str] = set()
        self._model, self.clock = model, clock
        self._tick = int(self.state.count.get("tick", 0))
        self._tasks: set[asyncio.Task[Any]] = set()
        self._agent_code: dict[str, AgentCode] = {}
        self._done: asyncio.Future[RunStatus] | None = None
        self.clean_context = contextvars.copy_context()
        """In which no program's code runs: for the engine's own tasks."""
        self._said: list[tuple[str, str]] = []
        self.replay = Replay()
        self.recorded: RecordedCalls | None = None
        """Of the branch that this one left from."""
        self.positions = Positions()
        self.values = Values(self, self.settings.max_value_bytes)
        self.degraded: list[str] = []
        """Paths to what could not be stored since the last checkpoint: the next one's header tells them."""
        self.intents = Intents(self)
        self.effects = Effects(self)
        self.player = Player(self)
        self.asking = Asking(self)
        self.context = Context(self)
        self.builtins = Builtins(self)
        self.mailbox = Mailbox(self)
        self.meetings = Meetings(self)
        self.control = Control(self)
        self.actors = Actors(self)
        self.shared_state = SharedState(self)
        self.namespace = Namespace(self)
        self.standstill = Standstill(self)
        journal.on_commit = self._committed

    # -- a run's life --------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Makes the agents: those of a new program, or those of the state to go on from.

        Raises:
            Exception: Whatever a Python block raised.
        """
        if self.state.agents:
            for agent in [agent for agent in self.state.agents if agent != HUMAN]:
                self._load_agent(agent)
            self.replay_from_here()
            return
        self.emit(e.AgentCreated(HUMAN, self._human_name()))
        for cls in self.program.agents:
            if cls.kind == "AI" and not cls.standby:
                for event in self.new_agent(cls, "", {})[1]:
                    self.emit(event)

    def replay_from_here(self) -> None:
        """What is recorded by now is served when the run begins; to be said again when a fork has added its edits."""
        self.replay = Replay(self.state, self._edit)

    async def run(self) -> RunStatus:
        """Runs until the program finished, failed, or was interrupted."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(self.effects.task_factory)  # type: ignore[arg-type]
        self.clean_context = contextvars.copy_context()
        self._done = loop.create_future()
        self.set_status("running")
        for agent in list(self.state.agents):
            self.agent_changed(agent)
            self.actors.start(agent)
        for text, to in self._said:
            self.person_says(text, to)
        if not self._said and not self._begins():
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
            playbook.starts for agent in agents for playbook in self.class_of(agent).playbooks
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
        for frame in self.player.frames.values():
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
            if self.durable and head and not self.journal.sealed and self.replay.over:
                last = next((h for h in reversed(self.journal.last.values()) if h.agent != HUMAN), head)
                self.commit_agent(
                    last.agent,
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

    crash: BaseException | None = None

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

    def _edit(self, frame: int, unit: int, tick: float, name: str) -> None:
        """A fork's change of a variable: in the innermost live frame that has it, else the agent's.

        The frame that owns it keeps the edit, which is made again as long as that frame's unit is replayed; an agent's
        needs none, since what was read by then is in the record.
        """
        data = self.state.record[frame, unit]["edit", tick, name][0]
        agent, owner = self.state.frames[frame][0], frame
        while owner and self.state.frames[owner][0] == agent:
            live = self.player.frames.get(owner)
            if live is not None and live.names is not None and name in live.names:
                break
            owner = self.state.frames[owner][3]
        else:
            owner = 0
        if owner != frame:
            self.emit(e.EditTaken(frame, unit, tick, name))
        if not owner:
            self.emit(e.VariableWritten(agent, name, data))
            return
        live = self.player.frames[owner]
        if owner != frame:
            self.emit(e.EditPlaced(owner, live.unit, tick, name, data))
        assert live.names is not None
        with self.values.defined_in(live.names):
            dict.__setitem__(live.names, name, self.values.decode(data))

    def set_status(self, status: RunStatus, phrase: str = "") -> None:
        """Says what the run as a whole does, when that changed."""
        if (status, phrase) != (self.status, self.phrase):
            self.status, self.phrase = status, phrase
            self.notify(StatusChanged(status, phrase))

    # -- events and checkpoints ----------------------------------------------------------------------------------------

    def tick(self) -> int:
        """The next number of what begins or ends, program-wide."""
        self._tick += 1
        return self._tick

    def emit(self, event: Event) -> None:
        """Takes up what happened."""
        self.journal.emit(event)

    def commit(self, frame: Frame, kind: Kind, statement: str, events: Iterable[Event], **header: Any) -> Header:
        """A checkpoint by a frame's agent."""
        self.control.at = frame.id
        return self.commit_agent(
            frame.agent, kind, statement, events, step=frame.step, playbook=frame.playbook.name, **header
        )

    def commit_agent(self, agent: str, kind: Kind, statement: str, events: Iterable[Event], **header: Any) -> Header:
        """A checkpoint; everything received of any model so far goes into it.

        Raises:
            Sealed: It could not be written. The run is over, and code that goes on all the same comes to no effect.
        """
        if self.durable:
            for live in self.player.frames.values():
                self.asking.flush(live)
        if self.degraded:
            header["degraded"] = (*dict.fromkeys((*header.get("degraded", ()), *self.degraded)),)
            self.degraded.clear()
        return self._kept(lambda: self._commit(agent, kind, statement, events, header))

    def _commit(
        self, agent: str, kind: Kind, statement: str, events: Iterable[Event], header: dict[str, Any]
    ) -> Header:
        if self.journal.head is None:
            self.journal.commit(HUMAN, "start", "", text=self.program.name)
        return self.journal.commit(agent, kind, statement, events, **header)

    def intend(self, what: dict[str, Any]) -> None:
        """Notes what is about to begin, so that a resume knows of it."""
        self._kept(lambda: self.journal.intend(what))

    def _kept(self, write: Callable[[], T]) -> T:
        """What the storage refuses ends the run at once: nothing more is kept, so nothing more may be seen.

        Raises:
            Sealed: For the caller this moment does not end.
        """
        try:
            return write()
        except Sealed:
            raise
        except Exception as error:
            if not self.journal.sealed:
                raise
            self.crash = error
            self.fail(str(error))
            raise Sealed from error

    def _committed(self, header: Header) -> None:
        self.control.committed(header)
        if self.status in ("waiting", "paused") and not self.control.held:
            self.set_status("running")
        self.notify(Committed(header))

    # -- agents --------------------------------------------------------------------------------------------------------

    def new_agent(self, cls: AgentClass, creator: str, arguments: dict[str, Any]) -> tuple[str, list[Event]]:
        """Numbers an agent and runs its Python blocks; the events make it part of the state.

        Raises:
            Exception: Whatever a block raised.
        """
        agent = str(max(int(self.state.count.get("agent", 1000)), 1000))
        code = AgentCode(self, cls, self.namespace.begin(cls, agent))
        self._agent_code[agent] = code
        events: list[Event] = [e.AgentCreated(agent, cls.name, creator, str(arguments.get("name", "")))]
        for name, value in {**code.data, **arguments}.items():
            events.append(e.VariableWritten(agent, name, self.values.kept(value, f"${name}")))
        return agent, events

    def create_agent(self, cls: AgentClass, creator: str, arguments: dict[str, Any]) -> str:
        """Makes an agent at once, in the next checkpoint whoever commits it."""
        agent, events = self.new_agent(cls, creator, arguments)
        for event in events:
            self.emit(event)
        self.agent_made(agent)
        return agent

    def agent_made(self, agent: str) -> None:
        """An agent is part of the state: its life begins."""
        self.agent_changed(agent)
        self.actors.start(agent)

    def _load_agent(self, agent: str) -> None:
        cls = self.class_of(agent)
        self._agent_code[agent] = AgentCode(self, cls, self.namespace.begin(cls, agent))

    def class_of(self, agent: str) -> AgentClass:
        cls = self.program.agent(self.state.agents[agent][0])
        assert cls is not None
        return cls

    def code_of(self, agent: str) -> AgentCode:
        return self._agent_code[agent]

    def codes(self) -> Iterable[AgentCode]:
        return self._agent_code.values()

    def any_names(self) -> dict[str, Any]:
        return next(iter(self._agent_code.values())).names if self._agent_code else {}

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

    def model_of(self, agent: str) -> Model:
        return self._model

    def title(self, agent: str) -> str:
        """As models and people read it: `Buyer (agent 1001)`."""
        if agent == HUMAN:
            return "user"
        return f"{self.state.agents[agent][0]} (agent {agent})" if agent in self.state.agents else agent

    def _human_name(self) -> str:
        return next((cls.name for cls in self.program.agents if cls.kind == "Human"), "User")

    def wake(self, agent: str) -> None:
        """There may be something for an idle agent to begin."""
        self.effects.activity += 1
        self.actors.wake(agent)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def bind(self, playbook: Playbook, agent: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name, defaults filled in; some are yet to be evaluated, by `entered`.

        Raises:
            TypeError: They do not fit the parameters.
        """
        return bind(playbook, self._agent_code[agent].functions.get(playbook.name), arguments, named)

    def entered(self, agent: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments that a playbook of an agent begins with: what its defaults name is the agent's, as it is now.

        Raises:
            Exception: Whatever a default raised.
        """
        return evaluate(arguments, self.namespace.of(agent), functools.partial(self.variable_of, agent))

    def variable_of(self, agent: str, name: str) -> tuple[Any] | None:
        """An agent's variable by copy, in a tuple; None when it has none of that name."""
        data = self.state.variables.get(agent, {}).get(name)
        return None if data is None else (self.values.decode(data),)

    def brief(self, value: Any) -> str:
        """A value for a row."""
        return describe.show(value, _BRIEF) if not isinstance(value, str) else value

    def brief_call(self, playbook: Playbook, arguments: dict[str, Any]) -> str:
        """`Haggle("pen")`, for a row."""
        return f"{playbook.name}({', '.join(map(_shown, arguments.values()))})"

    def result_note(self, running: Running, name: str, shown: str, value: Any) -> None:
        """Tells the caller's model what a call gave; a long text becomes an artifact."""
        if value is None:
            return
        text = value if isinstance(value, str) else describe.show(value, 4000)
        if len(text) <= self.settings.artifact_result_threshold:
            running.note = ("result", f"{shown} returned {describe.show(value, 1000)}")
            return

        def finish() -> Any:  # in the step of the commit: two calls at the same time take two numbers
            held = self.state.artifacts.get(running.frame.agent, {})
            number = len(held) + 1
            while (artifact := f"{name}_result_{number}") in held:
                number += 1
            summary = f"what {shown} gave, {len(text)} characters"
            data = self.values.kept(value, "$result")
            running.events.append(e.ArtifactSaved(running.frame.agent, artifact, summary, data))
            running.note = ("result", f"{shown} gave a long result, kept as artifact {artifact}: {text[:100]}…")
            return value

        running.finish = finish

    # -- messages ------------------------------------------------------------------------------------------------------

    def next_message(self) -> int:
        return int(self.state.count.get("message", 0)) + 1

    def message_view(self, id: int) -> MessageView:
        row = self.state.message(id)
        delivered = tuple(agent for agent in row.receivers if id not in self.state.inbox.get(agent, ()))
        made_by = self.journal.head.id if self.journal.head and self.journal.head.kind == "say" else ""
        return MessageView(id, row.sender, row.receivers, row.text, row.meeting, delivered, made_by)

    def message_sent(self, event: e.MessageSent) -> None:
        """A message is durable: its receivers may have it."""
        self.notify(MessageSent(self.message_view(event.id)))
        for agent in event.receivers:
            if agent != HUMAN:
                self.mailbox.arrived(agent)
                self.wake(agent)

    def taking(self, agent: str, ids: tuple[int, ...], running: Running) -> None:
        """Messages leave the inbox with the commit that follows at once."""

        def finish() -> Any:
            self.mailbox.release(agent, ids)
            self.notify(MessageHeard(agent, ids))
            return running_value

        running_value = running.text
        running.finish = finish

    def person_says(self, text: str, to: str = "") -> None:
        """What the person says: a checkpoint of `human`, then in the inbox of whom it is for."""
        if self._done is None or not self.replay.over:
            self._said.append((text, to))
            return
        asked = next((waiter for waiter in self.mailbox.asking() if to in ("", waiter.agent)), None)
        agents = [agent for agent in self.state.agents if agent != HUMAN]
        receiver = to or (asked.agent if asked else agents[0] if agents else "")
        if not receiver or self.stopping:
            return
        receivers: tuple[str, ...] = (receiver,)
        meeting, target = "", f"agent {receiver}"
        if asked is not None and asked.target != "user":
            target, meeting = asked.target, asked.target.removeprefix("meeting ")
            receivers = self.meetings.hearers(meeting, HUMAN, ())
        message = e.MessageSent(self.next_message(), HUMAN, receivers, text, meeting)
        statement = f'Say("{target}", {json.dumps(text, ensure_ascii=False)})'
        with contextlib.suppress(Sealed):
            self.commit_agent(HUMAN, "say", statement, [message], text=text, peer=target if meeting else receiver)
            self.message_sent(message)

    def close_input(self) -> None:
        """Nothing more will be said by the person."""
        self.input_closed = True
        self.standstill.poke()


def _shown(argument: Any) -> str:
    return argument.source if isinstance(argument, Default) else describe.show(argument, 40)
