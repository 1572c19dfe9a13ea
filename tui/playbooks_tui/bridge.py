"""The engine's thread and the screen's: what crosses, and how often.

The engine runs on a thread and an event loop of its own, so that a program that computes does not freeze the screen.
What it tells crosses in batches, at most 24 a second, with text that was overtaken left out. What the screen asks for
is the session's own thread-safe methods, or folding a moment, which a third thread does: it reads files and never the
running state.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

from playbooks.checkpoints.record import BranchInfo, Header
from playbooks.errors import UserError
from playbooks.runtime.notices import (
    AgentView,
    Committed,
    MessageView,
    Notice,
    RunStatus,
    StatusChanged,
    Writing,
    WritingDropped,
)
from playbooks.session import DebugSession, FollowedSession, Moment
from playbooks_tui.ran import ran
from playbooks_tui.told import Ended, Labelled, Named, Opened, Tallied, Tally, Told, Turned

BATCHES_A_SECOND: Final = 24
"""How often what streams is drawn; what comes alone is drawn at once."""
_FOLLOW_S: Final = 0.5
"""How often it is looked whether a run in another process, which stands, goes on."""
Made = TypeVar("Made")


def coalesced(batch: Sequence[Told]) -> list[Told]:
    """A batch without the texts that a later one of the same agent overtakes: each is the whole text so far."""
    kept: list[Told] = []
    overtaken: set[str] = set()
    for told in reversed(batch):
        if isinstance(told, Writing):
            if told.agent in overtaken:
                continue
            overtaken.add(told.agent)
        elif isinstance(told, WritingDropped):
            overtaken.add(told.agent)
        elif isinstance(told, Committed):
            overtaken.add(told.header.agent)
        kept.append(told)
    return kept[::-1]


class Bridge:
    """A session on a thread of its own.

    Args:
        opening: Not entered yet.
        pause: Stop before the first await.
        new_loop: Makes the loop that the engine runs on, whose clock also measures what things take.
    """

    def __init__(
        self,
        opening: DebugSession | FollowedSession,
        *,
        pause: bool = False,
        new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        self.session = opening
        self._new_loop = new_loop
        self._pause = pause
        self._lock = threading.Lock()
        self._queue: list[Told] = []
        self._notify: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begin = asyncio.Event()
        self._leave = asyncio.Event()
        self._opened: Future[None] = Future()
        self.over: Future[None] = Future()
        """Done when the session is closed; holds what broke the engine, if anything did."""
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._reader = ThreadPoolExecutor(1, "moments")
        self.begun = False
        self._branch = ""
        """On which another process's session stood last."""

    # -- the screen's side -----------------------------------------------------------------------------------

    def open(self) -> None:
        """Starts the thread and waits until the session is open; nothing of the program runs yet.

        Raises:
            UserError: It can't be opened.
        """
        self._thread.start()
        self._opened.result()

    def begin(self) -> None:
        """Runs the session to its end, from where it stands; while it runs another call changes nothing."""
        self.begun = True
        self._soon(self._begin.set)

    def listen(self, notify: Callable[[], None]) -> None:
        """Has `notify` called, on the engine's thread, when there is something to take and was nothing before."""
        with self._lock:
            self._notify = notify
            waiting = bool(self._queue)
        if waiting:
            notify()

    def take(self) -> list[Told]:
        """What was told since the last call, overtaken texts left out."""
        with self._lock:
            batch, self._queue = self._queue, []
        return coalesced(batch)

    def tell(self, told: Told) -> None:
        """Puts something into the queue; from any thread."""
        with self._lock:
            self._queue.append(told)
            notify = self._notify if len(self._queue) == 1 else None
        if notify is not None:
            notify()

    def leave(self) -> None:
        """Interrupts the run, keeping everything, and closes the session; `over` tells when that is done."""
        self._soon(self._leave.set)
        self._soon(self._begin.set)
        if self.begun and not self.over.done():
            with contextlib.suppress(RuntimeError):  # it closed just now
                self.session.interrupt()

    def read(self, work: Callable[[], None]) -> None:
        """Does some reading on a third thread, so that neither a long fold nor a busy program holds up the other."""
        with contextlib.suppress(RuntimeError):  # the screen is gone
            self._reader.submit(work)

    def forget(self) -> None:
        """Drops the readings that nobody will see any more: the process would wait for them at its end."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def moment_now(self, checkpoint: str) -> Moment:
        """Folds the state at a checkpoint, here and now: for work given to `read`.

        Raises:
            UserError: There is none of that id, or it can't be read.
        """
        return asyncio.run(self.session.state_at(checkpoint))

    def order(self, work: Callable[[], Coroutine[Any, Any, Made]]) -> Future[Made]:
        """Does something on the engine's loop, beside the run.

        Args:
            work: Makes what is awaited; called there.

        Returns:
            Its result, or what it raised. Done on the engine's thread: come back with `call_from_thread` or a message.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            none: Future[Made] = Future()
            none.set_exception(UserError("the session is closed"))
            return none

        async def made() -> Made:
            return await work()

        return asyncio.run_coroutine_threadsafe(made(), loop)

    def fork(self, checkpoint: str, **options: Any) -> Future[BranchInfo]:
        """Begins a branch; a run under way is interrupted first, and `begin` runs the new one.

        Args:
            checkpoint: From where.
            options: As for `DebugSession.fork`.
        """

        async def forked() -> BranchInfo:
            branch = await self.session.fork(checkpoint, **options)
            self.tell(await turned(self.session))
            return branch

        return self.order(forked)

    def label(self, checkpoint: str, text: str) -> Future[None]:
        """Gives a checkpoint a name, or takes it away."""

        async def labelled() -> None:
            self.tell(Labelled(checkpoint, self.session.set_label(checkpoint, text)))

        return self.order(labelled)

    def tally(self) -> None:
        """Has an older session tallied: told as `Tallied`, since each branch costs a fold or two."""
        branches, headers = self.session.branches, tuple(self.session.timeline)
        several = branches if len(branches) > 1 else ()
        if headers:
            self.read(lambda: self.tell(Tallied({one.name: self._tally_of(one) for one in several}, ran(headers))))

    def _tally_of(self, branch: BranchInfo) -> Tally | None:
        try:
            whole = counted(self.moment_now(branch.head))
            before = counted(self.moment_now(branch.forked_from)) if branch.forked_from else Tally(0, 0, 0, 0.0)
        except UserError:
            return None
        return Tally(
            whole.calls - before.calls,
            None if whole.into is None or before.into is None else whole.into - before.into,
            None if whole.out is None or before.out is None else whole.out - before.out,
            None if whole.cost is None or before.cost is None else whole.cost - before.cost,
        )

    def _soon(self, act: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it closed just now: there is nothing left to ask for
                self._loop.call_soon_threadsafe(act)

    # -- the engine's side -----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._new_loop) as runner:
                runner.run(self._live())
        except BaseException as error:
            if not self._opened.done():
                self._opened.set_exception(error)
            self.over.set_exception(error)
        else:
            self.over.set_result(None)
        with self._lock:
            notify = self._notify
        if notify is not None:
            notify()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self.session as session:
            self.tell(await opened(session))
            self._branch = session.branch
            session.subscribe(self._told)
            self._opened.set_result(None)
            while True:
                await self._begin.wait()
                if self._leave.is_set():
                    return
                if self._pause:
                    self._pause = False
                    session.pause()
                status = await session.run()
                self._begin.clear()
                self.tell(Ended(status, session.error))
                if self._leave.is_set():
                    return
                if session.read_only:
                    await self._going_on(session)

    async def _going_on(self, session: DebugSession | FollowedSession) -> None:
        """Waits until the process that holds a session goes on with it, or the screen is left."""
        assert isinstance(session, FollowedSession)
        while not session.under_way and not self._leave.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leave.wait(), _FOLLOW_S)
            session.poll()
        self._begin.set()

    def _told(self, notice: Notice) -> None:
        if isinstance(notice, Committed) and notice.header.kind == "start":
            self.tell(Named(self.session.id, self.session.branch))
        self.tell(notice)
        if isinstance(notice, Committed) and isinstance(self.session, FollowedSession):
            self._turn_to(notice.header, self.session)

    def _turn_to(self, header: Header, session: FollowedSession) -> None:
        """The process that is followed may go on with another branch, or begin one."""
        if header.branch == self._branch:
            return
        self._branch = header.branch
        agents: tuple[AgentView, ...] = ()
        messages: tuple[MessageView, ...] = ()
        with contextlib.suppress(UserError):  # damaged, or gone already
            moment = session.record.moment(header.id)
            agents, messages = tuple(moment.agents.values()), tuple(moment.messages)
        self.tell(Turned(header.branch, agents, messages))
        goes_on = session.under_way
        self.tell(StatusChanged(session.status, session.phrase) if goes_on else Ended(session.status, session.error))


def counted(moment: Moment) -> Tally:
    """What the way to a moment came to."""
    return Tally(moment.calls, *moment.tokens, moment.cost)


async def turned(session: DebugSession | FollowedSession) -> Turned:
    """What a session's state is where it has just branched off."""
    moment = await session.state_at(session.timeline[-1].id)
    return Turned(
        session.branch,
        tuple(moment.agents.values()),
        tuple(moment.messages),
    )


def _over(status: str) -> RunStatus:
    """What an older session's branch is said to be: what did not end was interrupted."""
    return "finished" if status == "finished" else "failed" if status == "failed" else "interrupted"


async def opened(session: DebugSession | FollowedSession) -> Opened:
    """What a session holds before it runs."""
    program = session.program.name
    if session.resumed is None:
        return Opened(program=program)
    agents: tuple[object, ...] = ()
    try:
        moment = await session.state_at(session.resumed.checkpoint)
        agents = tuple(moment.agents.values())
    except UserError:
        pass
    branches = session.branches
    status = next((b.status for b in branches if b.name == session.resumed.branch), "interrupted")
    notes = (
        *([f"{session.id} {session.why_read_only}: it is shown read-only"] if session.read_only else []),
        *(f"skipped: {reason}" for reason in session.resumed.skipped),
        *(f"◐ {line}" for line in session.resumed.may_have_run),
        *(["the program's files have changed: the recorded text runs"] if session.resumed.changed_files else []),
        *(f"{now} answers from here on; {before} did so far" for before, now in filter(None, [session.resumed.models])),
    )
    return Opened(
        program=program,
        session=session.resumed.session,
        branch=session.resumed.branch,
        status=session.status if session.read_only else _over(status),
        phrase=session.phrase if session.read_only else "",
        headers=tuple(session.timeline),
        agents=agents,  # type: ignore[arg-type]
        messages=tuple(session.messages),
        tally=Tally(session.calls, *session.tokens, session.cost),
        statuses={branch.name: branch.status for branch in branches},
        labels=session.labels,
        notes=notes,
        followed=session.read_only,
    )
