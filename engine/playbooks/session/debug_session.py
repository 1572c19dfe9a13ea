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
from playbooks.language import load_program
from playbooks.language.model import Program
from playbooks.runtime.breaking import break_into
from playbooks.runtime.intents import attempts_of, calls_of
from playbooks.runtime.journal import Journal
from playbooks.runtime.notices import (
    AgentChanged,
    AgentView,
    Committed,
    Listener,
    MayHaveRun,
    MessageSent,
    MessageView,
    Notice,
    Pruned,
    RunStatus,
)
from playbooks.runtime.runtime import Runtime
from playbooks.session import resume as resuming
from playbooks.session.branching import Branching
from playbooks.session.chains import refuse_foreign
from playbooks.session.edits import Edits
from playbooks.session.interrupted import intents_after, told
from playbooks.session.keeping import Keeping, kept_of
from playbooks.session.moment import Moment
from playbooks.session.opening import LockingWriter, never_back, refuse_mcp, store_of
from playbooks.session.presets import preset
from playbooks.session.record import SessionRecord
from playbooks.session.resume import Resumed
from playbooks.session.run_control import RunControl
from playbooks.session.settling import ForkOptions, Settled, begun, gone_on
from playbooks.state import ProgramState
from playbooks.state import events as e


class DebugSession(RunControl, Branching):
    """Made by `open`; an async context manager."""

    def __init__(
        self,
        programs: tuple[str | Program, ...],
        config: Config,
        resume: str | bool | None,
        set: Mapping[str, Any],
        message: str | None,
        model: str | None,
        trust: bool,
        durable: bool | None,
        store: Store | None,
        clock: Callable[[], float],
        verify: bool,
        breakpoints: Sequence[str],
    ) -> None:
        self._programs, self._base_config = programs, config
        self._resume, self._set, self._message, self._model_option = resume, dict(set), message, model
        self._trust, self._durable, self._given_store, self._clock = trust, durable, store, clock
        self._verify = verify
        self._stack = contextlib.ExitStack()
        self._listeners: list[Listener] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Event | None = None
        self._thread = 0
        """The engine's."""
        self._unwanted = False
        """Interrupted before it began."""
        self.config = config
        self.resumed: Resumed | None = None
        self.timeline: list[Header] = []
        """Headers in sequence order, of all branches; grows while the session runs."""
        self.agents: dict[str, AgentView] = {}
        self.messages: list[MessageView] = []
        """Of this branch, oldest first."""
        self.error = ""
        self._runtime: Runtime | None = None
        self._store: Store | None = None
        self._keep = config.durability.keep_last_n
        self._keeping: Keeping | None = None
        self._begin_control(breakpoints)
        self.record = SessionRecord(lambda: self._store, lambda: self.timeline)
        """What the checkpoints tell; for one thread at a time, any thread."""

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

    def _open(self) -> None:
        resuming_now = self._resume not in (None, False)
        found = None
        program: Program | None = None
        if self._programs:
            first = self._programs[0]
            program = first if isinstance(first, Program) else load_program([str(path) for path in self._programs])
        config = self.config = self._base_config.for_program(program) if program else self._base_config
        durable = resuming_now or (config.durability.enabled if self._durable is None else self._durable)
        if durable:
            self._store = self._given_store or store_of(config)
            if self._given_store is None:
                self._stack.callback(self._store.close)
        self._clock = never_back(self._clock, self._store)
        if resuming_now:
            assert self._store and self._resume
            found = resuming.find(self._store, program.roots[0] if program and program.roots else "", self._resume)
        if found is None:
            if program is None:
                raise UserError("no program was given", "name a .pb file")
            self._begin(program)
        else:
            self._go_on(found, program)
        self._open_control()
        known = self.runtime.state.agents
        self.agents = {id: AgentView(id, str(row[0]), "ready") for id, row in known.items()}

    def _begin(self, program: Program) -> None:
        settled = begun(program, self._base_config, self._model_option)
        journal = Journal(
            ProgramState(),
            self._writer(self._store) if self._store else None,
            self._clock,
        )
        self._keep_in(journal)
        journal.emit(
            e.SessionStarted(
                program.hash,
                program.roots,
                tuple((file.path, file.text) for file in program.files),
                self._model_option or "",
                self._message or "",
            )
        )
        runtime = self._made(journal, settled)
        self._take(runtime, settled)
        refuse_mcp(program)
        runtime.prepare()
        preset(runtime, program, self._set)
        if self._message:
            runtime.messages.person_says(self._message)

    def _go_on(self, found: Any, program: Program | None) -> None:
        store = self._store
        assert store
        session = found.session if isinstance(found, Header) else found.id
        self._stack.enter_context(store.lock(session))
        headers = store.headers(session)
        branches = {branch.name: branch for branch in store.branches(session)}
        if isinstance(found, Header):
            path = resuming.branch_path(headers, found.id)
            branch = found.branch
        else:
            branch = found.branch
            path = resuming.branch_path(headers, branches[branch].head)
        folded, skipped, after = resuming.newest_whole(store, path)
        if not self._trust:
            refuse_foreign(store, folded.header.id)
        settled = gone_on(folded.state, self._base_config, self._model_option)
        self._keep = kept_of(store, session, self._keep)
        self.timeline = list(headers)
        journal = Journal(folded.state, self._writer(store), self._clock)
        self._keep_in(journal)
        last = max((header.sequence for header in headers), default=0)
        others = [known.head for known in branches.values() if known.name != branch]
        journal.go_on(folded.header, folded.windows, last, branch, others)
        journal.last = {header.agent: header for header in path if header.sequence <= folded.header.sequence}
        runtime = self._made(journal, settled)
        runtime.prepare()
        self._take(runtime, settled)
        interrupted: tuple[str, ...] = ()
        self.messages = Moment(folded.header, folded.state).messages
        agents = list(folded.state.agents)
        if isinstance(found, Header) and branches[branch].head != found.id:  # its branch has gone on since
            prepared = self._prepared(found.id, Edits(), before=False, label="")
            branch = prepared.plan.branch
            self._branch_off(prepared, ForkOptions())
        else:
            damaged = (found.id for found in store.damaged())
            ends = (folded.header.id, *(header.id for header in after), *damaged)
            interrupted = self._expect(runtime, store, session, ends)
        path = resuming.branch_path(headers, folded.header.id)
        self.resumed = Resumed(
            session,
            branch,
            folded.header.id,
            resuming.agents_of(path, agents),
            skipped,
            tuple(f"{header.agent}: {header.text}" for header in after if header.kind == "say"),
            settled.program.roots[0] if settled.program.roots else "",
            resuming.changed_files(settled.program, program),
            resuming.failed_agents(folded.state, path),
            interrupted,
        )

    def _expect(self, runtime: Runtime, store: Store, session: str, ends: Sequence[str]) -> tuple[str, ...]:
        """What was under way when the process died may have run, and model calls stay counted."""
        notes = intents_after(store, session, ends, trust=self._trust)
        attempts = attempts_of(runtime.state, notes)
        if (calls := calls_of(notes)) > self.calls:
            runtime.emit(e.CallsCounted(calls))
        mode = self.config.durability.interrupted_tool
        runtime.intents.expect(attempts, mode)
        return told(attempts, mode)

    def _made(self, journal: Journal, settled: Settled) -> Runtime:
        return Runtime(settled.program, settled.model, journal, settled.limits, settled.model_settings, self._clock)

    def _take(self, runtime: Runtime, settled: Settled) -> None:
        """From now on the session is this runtime's."""
        self.program, self.config, self._runtime = settled.program, settled.config, runtime
        runtime.listeners.append(self._told)
        self._take_control(runtime)

    def _writer(self, store: Store) -> LockingWriter:
        return LockingWriter(store, lambda: self.program, self._stack, self._keep)

    def _keep_in(self, journal: Journal) -> None:
        """Has a journal prune, before anything is emitted or gone on with."""
        if self._store is not None and self._keep:
            journal.retention = self._keeping = Keeping(self._store, self._keep, self.timeline, self._told)

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
    def tokens(self) -> tuple[int | None, int | None]:
        """In and out, of all calls on this branch; None: unknown."""
        count = self.runtime.state.count
        known = [count.get(name, 0) for name in ("input_tokens", "output_tokens")]
        return (None if known[0] < 0 else int(known[0]), None if known[1] < 0 else int(known[1]))

    @property
    def calls(self) -> int:
        """Model calls on this branch."""
        return int(self.runtime.state.count.get("call", 0))

    @property
    def cost(self) -> float | None:
        """US dollars on this branch; None: unknown."""
        cost = self.runtime.state.count.get("cost", 0)
        return None if cost < 0 else float(cost)

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
        return {
            "finished": ExitStatus.FINISHED,
            "failed": ExitStatus.FAILED,
        }.get(self.status, ExitStatus.INTERRUPTED)

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
        try:
            status = await runtime.run()
        finally:
            self._running.set()
            self._running = None
        self.error = runtime.error
        if self._store is not None and self.id:
            with contextlib.suppress(UserError):
                self._store.set_status(self.id, self.branch, status)
        return status

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
            UserError: There is none of that id, or no checkpoints are kept.
        """
        if self._store is None:
            raise UserError("no checkpoints are kept", "enable [durability] in playbooks.toml")
        folded = fold(self._store.read, checkpoint)
        return Moment(folded.header, folded.state)

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
            raise UserError("no checkpoints are kept", "enable [durability] in playbooks.toml")
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
            self.messages.append(notice.message)
        for listener in tuple(self._listeners):
            listener(notice)

    def _verified(self, header: Header) -> None:
        assert self._store
        folded = fold(self._store.read, header.id).state
        if folded != self.runtime.state:
            tables = [name for name in folded.tables if folded.tables[name] != self.runtime.state.tables[name]]
            raise AssertionError(f"{header.id}: the fold of all checkpoints differs from the live state in {tables}")
