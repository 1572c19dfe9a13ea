"""A session: a program with its checkpoints, run, watched, gone on with.

Everything a front end can do is a method here; everything it may show comes as notices or as plain data.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.record import BranchInfo, Header
from playbooks.checkpoints.store import Store
from playbooks.config import Config
from playbooks.errors import ExitStatus, UserError
from playbooks.language.model import Program
from playbooks.runtime.asking import CallUnderWay
from playbooks.runtime.breaking import break_into
from playbooks.runtime.notices import (
    AgentChanged,
    Committed,
    Listener,
    MayHaveRun,
    MessageSent,
    MessageView,
    Notice,
    Pruned,
    RunStatus,
    StatusChanged,
)
from playbooks.runtime.runtime import Runtime
from playbooks.session import resume as resuming
from playbooks.session.chains import nothing_kept, read_chain
from playbooks.session.moment import Moment
from playbooks.session.restoring import Restoring
from playbooks.session.standing import Standing, forget_standing, keep_standing


class DebugSession(Restoring):
    """Made by `open`; an async context manager."""

    @classmethod
    def open(
        cls,
        *programs: str | Program,
        config: Config | None = None,
        resume: str | bool | None = None,
        set: Mapping[str, Any] | None = None,
        message: str | None = None,
        model: str | None = None,
        trust: bool = False,
        durable: bool | None = None,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
        verify: bool = False,
        breakpoints: Sequence[str] = (),
    ) -> DebugSession:
        """A session of a program, new or gone on with; nothing runs before `run` or `step`.

        Args:
            programs: Files of the program, or a program already read. None with an id in `resume`.
            config: Settings; those of the current folder when None.
            resume: An id of a session or checkpoint, or True: the newest unfinished session of the program.
            set: Variables before the first statement: `NAME` in agent 1000, `1001.NAME` in another.
            message: What the person says first.
            model: As `--model`: `script:PATH`, `provider/name`, a name.
            trust: Go on also from checkpoints that this user's engine did not write.
            durable: Whether checkpoints are kept; None as configured. A resume always keeps them.
            store: Where; None as configured.
            clock: Seconds since 1970.
            verify: After every checkpoint, compare the live state with the fold of all checkpoints (slow; for tests).
            breakpoints: Where to stop, in their text form, besides those kept with a session that is gone on with.

        Raises:
            UserError: On entering: the program, the configuration or what to resume can't be used.
        """
        return cls(
            programs, config or Config.load(), resume, set or {}, message, model, trust, durable, store, clock, verify,
            breakpoints,
        )  # fmt: skip

    # -- opening -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> DebugSession:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # -- what there is -------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """`s1`; empty while nothing is committed, or nothing is kept."""
        return self.runtime.journal.session

    @property
    def branch(self) -> str:
        return self.runtime.journal.branch

    @property
    def durable(self) -> bool:
        return self._store is not None

    @property
    def runtime(self) -> Runtime:
        """The engine's own; front ends keep to the session."""
        if self._runtime is None:
            raise RuntimeError("the session is not open")
        return self._runtime

    @property
    def status(self) -> RunStatus:
        return self.runtime.status

    @property
    def phrase(self) -> str:
        return self.runtime.phrase

    @property
    def branches(self) -> Sequence[BranchInfo]:
        if self._store is not None and self.id:
            return self._store.branches(self.id)
        head = self.timeline[-1].id if self.timeline else ""
        return [BranchInfo(self.id, self.branch, head, "", self.status)]

    @property
    def messages(self) -> Sequence[MessageView]:
        """Of this branch, oldest first."""
        return self._said.views

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        """In and out, of all calls on this branch; None: unknown."""
        return self.runtime.state.tokens

    @property
    def calls(self) -> int:
        """Model calls on this branch; one that was served from the record asked nobody."""
        return self.runtime.state.calls

    @property
    def cost(self) -> float | None:
        """US dollars on this branch; None: unknown."""
        return self.runtime.state.cost

    @property
    def failed(self) -> Sequence[resuming.FailedAgent]:
        """The agents of this branch that have failed."""
        path = resuming.branch_path(self.timeline, self.timeline[-1].id) if self.timeline else []
        return resuming.failed_agents(self.runtime.state, path)

    @property
    def exit_status(self) -> ExitStatus:
        """What a process that ran this ends with."""
        if self.runtime.needs_input:
            return ExitStatus.NO_INPUT
        status: str = self.status
        if status == "ready" and self.resumed is not None and self.resumed.branch == self.branch:
            status = self.resumed.status  # only looked at
        return {
            "finished": ExitStatus.FINISHED,
            "failed": ExitStatus.FAILED,
        }.get(status, ExitStatus.INTERRUPTED)

    # -- running -------------------------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with every notice, on the engine's thread; gives what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def run(self) -> RunStatus:
        """Runs to the end: finished, failed or interrupted; a pause in between does not end it."""
        runtime = self.runtime
        self._loop = asyncio.get_running_loop()
        self._running = asyncio.Event()
        self._thread = threading.get_ident()
        if self._unwanted:
            self._unwanted = False
            self.interrupt()
        self._keep_status("running")  # one that is resumed: who lists or follows it sees that it goes on
        try:
            status = await runtime.run()
        finally:
            self._running.set()
            self._running = None
        self.error = runtime.error
        self._keep_status(status)
        return status

    def _keep_status(self, status: RunStatus) -> None:
        if self._store is not None and self.id:
            with contextlib.suppress(UserError):
                self._store.set_status(self.id, self.branch, status)

    def _keep_standing(self, status: RunStatus, phrase: str) -> None:
        """Who follows the session is told what no checkpoint tells."""
        if self._store is None or not self.id or not self.timeline:
            return
        if self._stands:
            forget_standing(self._store, self.id)
        self._stands = status in ("waiting", "paused")
        if status == "waiting":
            undecided, asking = self.undecided, self.runtime.mailbox.asking()
            phrase = f"{undecided[0].call} may have run" if undecided else ""
            asked = tuple(waiter.agent for waiter in asking)
            keep_standing(self._store, self.id, Standing(self.timeline[-1].id, "waiting", phrase, asked))
        elif status == "paused":
            keep_standing(self._store, self.id, Standing(self.timeline[-1].id, "paused", phrase))

    def interrupt(self) -> None:
        """Stops the run, keeping everything; from any thread. A second call changes nothing.

        Before the run began, it ends as soon as it does.
        """
        if self._running is None:
            self._unwanted = self.status == "ready"
            return
        running = self._running
        self._soon(lambda: self.runtime.spawn(self.runtime.interrupt()))
        if self._thread != threading.get_ident():  # on the same one a signal's handler does it
            break_into(self._thread, lambda: self._running is not running)

    def say(self, text: str, to: str | None = None) -> None:
        """The person says something, to the agent that asked first unless `to` names one; from any thread."""
        self._soon(lambda: self.runtime.messages.person_says(text, to or ""))

    @property
    def undecided(self) -> tuple[MayHaveRun, ...]:
        """Calls that may have run when the process died and wait for `decide`."""
        return self.runtime.intents.asked

    @property
    def calls_under_way(self) -> tuple[CallUnderWay, ...]:
        """Model calls that have not ended, as they are just now; from any thread."""
        return self._runtime.asking.under_way() if self._runtime is not None else ()

    def received(self, frame: int, turn: int) -> tuple[str, bool] | None:
        """What has come of a response that a call of this process is in, which its newest checkpoint may hold less of.

        Args:
            frame: The call.
            turn: Which of its responses, from 0.

        Returns:
            As the model sent it, and whether that is all; None: it is in no such response. From any thread.
        """
        runtime = self._runtime
        live = runtime.frames.live.get(frame) if runtime is not None else None
        response = live.response if live is not None else None
        if runtime is None or response is None or runtime.state.progress_of(frame).turn != turn:
            return None
        return response.peek(), response.ended

    def decide(self, id: str, how: Literal["rerun", "result", "fail"], value: Any = None) -> None:
        """What becomes of a call that may have run; from any thread.

        Args:
            id: Of its `MayHaveRun`.
            how: It runs again, its result is `value`, or it raises.
            value: The result.
        """
        self._soon(lambda: self.runtime.intents.decide(id, how, value))

    def close_input(self) -> None:
        """No more can be said: a program that waits for the person ends. From any thread."""
        self._soon(self.runtime.close_input)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def state_at(self, checkpoint: str) -> Moment:
        """The state at a checkpoint; never runs anything.

        Raises:
            UserError: There is none of that id, it can't be read, or no checkpoints are kept.
        """
        if self._store is None:
            raise nothing_kept()
        chain = read_chain(self._store, checkpoint)
        return Moment(chain.folded.header, chain.folded.state, trusted=chain.trusted)

    @property
    def labels(self) -> Mapping[str, str]:
        """Checkpoint → the name a person gave it."""
        return self._store.labels(self.id) if self._store is not None and self.id else {}

    def set_label(self, checkpoint: str, text: str) -> str:
        """Names a checkpoint; an empty text takes the name away.

        Returns:
            The label as it is kept: on one line.

        Raises:
            UserError: No checkpoints are kept.
        """
        if self._store is None:
            raise nothing_kept()
        label = " ".join(text.split())
        self._store.set_label(checkpoint, label)
        return label

    # -- notices -------------------------------------------------------------------------------------------------------

    def _told(self, notice: Notice) -> None:
        if isinstance(notice, Committed):
            self.timeline.append(notice.header)
            self._control_committed(notice.header)
            if self._verify and self._store is not None and notice.header.kind != "start":
                self._verified(notice.header)
        elif isinstance(notice, Pruned):
            assert self._keeping
            self.timeline[:] = self._keeping.headers
        elif isinstance(notice, AgentChanged):
            self.agents[notice.agent.id] = notice.agent
        elif isinstance(notice, MessageSent):
            self._said.add(notice.message)
        elif isinstance(notice, StatusChanged):
            self._keep_standing(notice.status, notice.phrase)
        for listener in tuple(self._listeners):
            listener(notice)

    def _verified(self, header: Header) -> None:
        assert self._store
        folded = fold(self._store.read, header.id).state
        if folded != self.runtime.state:
            tables = [name for name in folded.tables if folded.tables[name] != self.runtime.state.tables[name]]
            raise AssertionError(f"{header.id}: the fold of all checkpoints differs from the live state in {tables}")
