"""A session that another process runs, shown as it goes on: read-only, with the reading half of `DebugSession`.

Apart because it takes no lock and runs nothing: it polls the store for what is new and tells it as a run would, but
for text on its way, which is not in the record.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final

from playbooks.checkpoints.record import BranchInfo, Header
from playbooks.checkpoints.store import Store
from playbooks.config import Config
from playbooks.errors import ExitStatus, UserError
from playbooks.language.model import Program
from playbooks.runtime.asking import CallUnderWay
from playbooks.runtime.notices import (
    AgentChanged,
    AgentView,
    Asked,
    Committed,
    Listener,
    MessageHeard,
    MessageSent,
    MessageView,
    ModelAnswered,
    ModelCalled,
    Notice,
    Pruned,
    RunStatus,
    StatusChanged,
    Stop,
)
from playbooks.session.keeping import kept_of
from playbooks.session.moment import Moment
from playbooks.session.opening import store_of
from playbooks.session.programs import recorded_program
from playbooks.session.record import Received, SessionRecord
from playbooks.session.record.reader import advance
from playbooks.session.resume import Resumed, agents_of
from playbooks.session.run_control import BreakpointView, noted
from playbooks.session.standing import standing_of
from playbooks.state import Event, ProgramState
from playbooks.state import events as e

POLL_S: Final = 0.2
"""Seconds between two looks into the store."""


ELSEWHERE: Final = "runs in another process"
HELD: Final = "is open in another process"
UNWRITABLE: Final = "lies in a folder that can't be written"
"""Why a session is only followed, after its id."""
UNDER_WAY: Final = frozenset({"running", "waiting", "paused"})
"""How a run stands that is not over."""


class ReadOnly(UserError):
    """Something was wanted that only the process which has the session can do.

    Args:
        session: Its id.
        why: It is only followed: `ELSEWHERE`, `HELD` or `UNWRITABLE`.
    """

    def __init__(self, session: str, why: str = ELSEWHERE) -> None:
        fix = {ELSEWHERE: "act there, or end it first", HELD: "act there, or leave it first"}.get(why, "")
        super().__init__(f"{session} {why}: here it can only be looked at", fix)


class FollowedSession:
    """Made by `open`; an async context manager, entered, polled and left on one thread.

    What it offers to read has the names and meanings of `DebugSession`; what would act raises `ReadOnly`.
    """

    read_only: Final = True
    writable = True
    """Another process has it; else it lies where this user may not write."""
    taken_away: Final = False
    """Nobody resumes what is only followed."""

    def __init__(self, id: str, config: Config, store: Store | None, poll_s: float) -> None:
        self.id, self.config, self._given, self._poll_s = id, config, store, poll_s
        self._store: Store | None = None
        self._listeners: list[Listener] = []
        self._prunes = False
        self._state = ProgramState()
        self._head = ""
        """Id of the checkpoint that the state is of; empty: it must be folded anew."""
        self._views: dict[str, AgentView] = {}
        self._asking: tuple[str, ...] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._left: asyncio.Event | None = None
        self.timeline: list[Header] = []
        self.agents: dict[str, AgentView] = {}
        self.messages: list[MessageView] = []
        self.branch = "main"
        self.status: RunStatus = "running"
        self.phrase = self.error = ""
        self.durable = True
        self.stop: Stop | None = None
        self.breakpoints: tuple[BreakpointView, ...] = ()
        self.stops_on_error = False
        self.watches: tuple[str, ...] = ()
        self.failed = self.undecided = ()
        self.calls_under_way: tuple[CallUnderWay, ...] = ()
        """Empty, for they are in the other process; so is what came of them."""
        self.received: Received | None = None
        self.record = SessionRecord(lambda: self._store, lambda: self.timeline)

    @classmethod
    def open(
        cls, id: str, *, config: Config | None = None, store: Store | None = None, poll_s: float = POLL_S
    ) -> FollowedSession:
        """A session to be followed.

        Args:
            id: Of the session, `s1`.
            config: Says where it is kept; that of the current folder when None.
            store: Where it is kept; None as configured.
            poll_s: Seconds between two looks into the store.

        Raises:
            UserError: On entering: there is no such session, or it can't be read.
        """
        return cls(id, config or Config.load(), store, poll_s)

    async def __aenter__(self) -> FollowedSession:
        self._store = self._given or store_of(self.config)
        try:
            self._open(self._store)
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._store is not None and self._given is None:
            self._store.close()

    def _open(self, store: Store) -> None:
        self.timeline = store.newer(self.id, 0)
        if not self.timeline:
            raise UserError(f"there is no session {self.id}", "`playbooks sessions` lists those there are")
        self._prunes = kept_of(store, self.id, 0) > 0
        head = self.timeline[-1]
        self._fold(head.id)
        self.branch = head.branch
        self.program: Program = recorded_program(self._state)
        self.messages = Moment(head, self._state).messages
        self.agents = self._views = dict(Moment(head, self._state).agents)
        agents = agents_of(self.record.reader.path(head.id), list(self._state.agents))
        self.watches = tuple(noted(store, self.id, "watches"))
        self.resumed = Resumed(self.id, head.branch, head.id, agents)
        """What there was to see on entering."""
        self._look_at_status(store, store.statuses(self.id))

    # -- what there is -------------------------------------------------------------------------------------------------

    @property
    def under_way(self) -> bool:
        """Whether a run is not over: it goes on, waits for its person or is held there."""
        return self.status in UNDER_WAY

    @property
    def why_read_only(self) -> str:
        """As it is said after the session's id."""
        return UNWRITABLE if not self.writable else ELSEWHERE if self.under_way else HELD

    @property
    def branches(self) -> Sequence[BranchInfo]:
        return self._store.branches(self.id) if self._store is not None else ()

    @property
    def labels(self) -> Mapping[str, str]:
        """Checkpoint → the name a person gave it."""
        return self._store.labels(self.id) if self._store is not None else {}

    @property
    def program_files(self) -> tuple[str, ...]:
        """Paths of the files that the program was read from."""
        return tuple(file.path for file in self.program.files)

    @property
    def calls(self) -> int:
        """Model calls on the branch written last."""
        return self._state.calls

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        """In and out; None: unknown."""
        return self._state.tokens

    @property
    def cost(self) -> float | None:
        """US dollars; None: unknown."""
        return self._state.cost

    @property
    def exit_status(self) -> ExitStatus:
        """Looking on went well, whatever becomes of the run."""
        return ExitStatus.FINISHED

    async def state_at(self, checkpoint: str) -> Moment:
        """The state at a checkpoint; never runs anything.

        Raises:
            UserError: There is none of that id, or it can't be read.
        """
        return self.record.moment(checkpoint)

    # -- following -----------------------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with every notice, on the thread that polls; gives what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def run(self) -> RunStatus:
        """Follows until the run ends in its process, or until `interrupt`."""
        self._loop, self._left = asyncio.get_running_loop(), asyncio.Event()
        while True:
            self.poll()
            if not self.under_way or self._left.is_set():
                return self.status
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), self._poll_s)

    def interrupt(self) -> None:
        """Ends following; what is followed goes on. From any thread."""
        if self._loop is not None and self._left is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._left.set)

    def set_watches(self, texts: Sequence[str]) -> None:
        """Puts these expressions in the place of those kept with the session: here only, it is another's to keep."""
        self.watches = tuple(texts)

    def poll(self) -> list[Notice]:
        """Takes up and tells what is new since the last time.

        Raises:
            UserError: The storage refused.
        """
        store = self._store
        assert store is not None
        told: list[Notice] = []
        was = (self.status, self.phrase)
        statuses = store.statuses(self.id)  # before what is new: nothing before an end is missed
        new = store.newer(self.id, self.timeline[-1].sequence)
        for header in new:
            told += self._new(header)
        if new and self._prunes:
            told += self._without_pruned(store)
        asked = self._look_at_status(store, statuses if self.branch in statuses else store.statuses(self.id))
        if asked != self._asking:
            self._asking = asked
            told.append(Asked(asked))
        if (self.status, self.phrase) != was:
            told.append(StatusChanged(self.status, self.phrase))
        for notice in told:
            for listener in tuple(self._listeners):
                listener(notice)
        return told

    def _without_pruned(self, store: Store) -> list[Notice]:
        """A run that prunes has few checkpoints, and moves those it keeps: they are listed again."""
        before = {header.id for header in self.timeline}
        listed = [header for header in store.headers(self.id) if header.id in before]
        gone = tuple(before - {header.id for header in listed})
        if not gone or not listed:
            return []
        self.timeline[:] = listed
        return [Pruned(gone)]

    def _look_at_status(self, store: Store, statuses: Mapping[str, str]) -> tuple[str, ...]:
        """How the run stands, and who waits for its person."""
        status = statuses.get(self.branch, "interrupted")
        self.status, self.phrase = "interrupted", ""
        if status in ("finished", "failed"):
            self.status = status  # type: ignore[assignment]
        elif status == "running":
            standing = standing_of(store, self.id, self.timeline[-1].id)
            if standing is not None:
                self.status, self.phrase = standing.status, standing.phrase
                return standing.asked
            self.status = "running"
            return tuple(id for id, agent in self._views.items() if agent.waits_for == "user")
        return ()

    def _new(self, header: Header) -> Iterator[Notice]:
        self.timeline.append(header)
        switched = header.branch != self.branch
        self.branch = header.branch
        events: list[Event] = []
        before: list[Notice] = []
        goes_on = header.parent == self._head
        try:
            events = self.record.reader.events(header.id)
            if not goes_on:
                self._go_to(header)
            if self._head == header.parent:
                agents = {frame: str(row[0]) for frame, row in self._state.frames.items()}
                before = list(_before(events, agents, int(self._state.count.get("call", 0))))
                for event in events:
                    advance(self._state, event)
                self._head = header.id
        except UserError:
            self._head = ""  # damaged, or gone already: told all the same
        if goes_on:
            yield from before
        yield Committed(header)
        if not self._head:
            return
        if not goes_on:  # only now is it known which branch they are of
            yield from (notice for notice in before if isinstance(notice, ModelCalled | ModelAnswered))
        moment = Moment(header, self._state)
        if switched:
            self.messages = moment.messages
        for event in events:
            if isinstance(event, e.MessageSent):
                view = MessageView(
                    event.id, event.sender, event.receivers, event.text, event.meeting, (), header.id
                )  # fmt: skip
                if not switched:
                    self.messages.append(view)
                yield MessageSent(view)
        views = dict(moment.agents)
        for id, agent in views.items():
            if self._views.get(id) != agent:
                yield AgentChanged(agent)
        self.agents = self._views = views
        if switched:
            self._asking = ()  # who shows it forgets who asked on the branch that was left

    def _go_to(self, header: Header) -> None:
        """Takes the state before a checkpoint, to see what it came to; where that can't be read, the one at it."""
        try:
            self._fold(header.parent or header.id)
        except UserError:
            self._fold(header.id)

    def _fold(self, id: str) -> None:
        self._state, self._head = self.record.reader.chain(id).folded.state, id

    # -- what only the other process can do ----------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name in _ACTS:
            return self._refuse
        raise AttributeError(name)

    def _refuse(self, *arguments: Any, **named: Any) -> Any:
        raise ReadOnly(self.id, self.why_read_only)


_RUNNING: Final = (
    "pause",
    "go",
    "step",
    "step_over",
    "step_into",
    "step_out",
    "run_to",
    "say",
    "close_input",
    "decide",
)
_CHANGING: Final = ("fork", "plan", "leaving", "set_label", "reload", "runtime")
_STOPPING: Final = (
    "add_breakpoint", "change_breakpoint", "enable_breakpoint", "remove_breakpoint", "stop_on_error"
)  # fmt: skip
_ACTS: Final = frozenset((*_RUNNING, *_CHANGING, *_STOPPING))


def _before(events: Sequence[Event], agents: dict[int, str], before: int) -> Iterator[Notice]:
    """What a run tells before the checkpoint that these events make.

    Args:
        events: Its own.
        agents: Of each frame; added to.
        before: Model calls that were counted before.
    """
    calls: dict[int, int] = {}
    served = [event.frame for event in events if isinstance(event, e.ResponseEnded) and event.served]
    for event in events:
        if isinstance(event, e.FrameEntered):
            agents[event.frame] = event.agent
        elif isinstance(event, e.ModelAsked) and event.frame in served:
            served.remove(event.frame)  # nobody was asked
        elif isinstance(event, e.ModelAsked):
            calls[event.frame] = event.call
            yield ModelCalled(agents.get(event.frame, ""), event.call, event.model)
        elif isinstance(event, e.ResponseEnded) and not event.served:
            call = calls.get(event.frame, 0)
            agent = agents.get(event.frame, "")
            yield ModelAnswered(agent, call, event.input_tokens, event.output_tokens, event.cost, 0.0)
        elif isinstance(event, e.CallsCounted):
            yield from (ModelCalled("", call, "") for call in range(before + 1, event.call + 1))
        elif isinstance(event, e.CallDropped):
            call = calls.get(event.frame, 0)
            agent = agents.get(event.frame, "")
            yield ModelAnswered(agent, call, event.input_tokens, event.output_tokens, event.cost, 0.0)
        elif isinstance(event, e.MessagesTaken):
            yield MessageHeard(event.agent, event.ids)
