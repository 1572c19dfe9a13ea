"""A session as it is opened: one that begins, or one restored from its checkpoints.

Apart from `DebugSession`, which inherits it, because all of it comes before anything runs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playbooks.checkpoints.chain import Folded
from playbooks.checkpoints.record import Header, SessionInfo
from playbooks.checkpoints.store import Store
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.language import load_program
from playbooks.language.model import Program
from playbooks.runtime.intents import attempts_of, calls_of
from playbooks.runtime.journal import Journal
from playbooks.runtime.notices import AgentView, Listener, Notice
from playbooks.runtime.runtime import Runtime
from playbooks.session import resume as resuming
from playbooks.session.branching import Branching
from playbooks.session.edits import Edits
from playbooks.session.interrupted import intents_after, told, was_asking
from playbooks.session.keeping import Keeping, kept_of
from playbooks.session.moment import Said
from playbooks.session.opening import LockingWriter, never_back, refuse_mcp, refuse_unwritable, store_of
from playbooks.session.presets import preset
from playbooks.session.questions import asked_last, known_questions, spoken
from playbooks.session.record import SessionRecord
from playbooks.session.resume import Resumed
from playbooks.session.run_control import RunControl
from playbooks.session.settling import ForkOptions, Settled, begun, gone_on
from playbooks.session.standing import settle_killed
from playbooks.state import ProgramState
from playbooks.state import events as e


class Restoring(RunControl, Branching):
    """The part of a session that opens it."""

    calls: Any
    runtime: Any
    _told: Callable[[Notice], None]

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
        self._stands = False
        """It is noted beside the checkpoints that the run stands."""
        self.config = config
        self.resumed: Resumed | None = None
        self.timeline: list[Header] = []
        """Headers in sequence order, of all branches; grows while the session runs."""
        self.agents: dict[str, AgentView] = {}
        self._said = Said(ProgramState())
        self.error = ""
        self._runtime: Runtime | None = None
        self._store: Store | None = None
        self._keep = config.durability.keep_last_n
        self._keeping: Keeping | None = None
        self._begin_control(breakpoints)
        self.record = SessionRecord(lambda: self._store, lambda: self.timeline)
        """What the checkpoints tell; for one thread at a time, any thread."""

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
            root = program.roots[0] if program and program.roots else ""
            found = resuming.find(self._store, root, self._resume, trust=self._trust)
        if found is None:
            if program is None:
                raise UserError("no program was given", "name a .pb file")
            if durable and self._given_store is None:
                refuse_unwritable(config)
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
        if self._message is not None and not self._message.strip():
            raise UserError("the message says nothing", "write what the program is to hear, or leave --message away")
        runtime.prepare()
        preset(runtime, program, self._set)
        if self._message:
            runtime.messages.person_says(self._message)

    def _go_on(self, found: SessionInfo | Folded, program: Program | None) -> None:
        store, named = self._store, found if isinstance(found, Folded) else None
        assert store
        session = found.header.session if isinstance(found, Folded) else found.id
        branch = found.header.branch if isinstance(found, Folded) else found.branch
        self._stack.enter_context(store.lock(session))
        settle_killed(store, session)
        headers = store.headers(session)
        heads = {header.branch: header.id for header in headers}
        path = resuming.branch_path(headers, named.header.id if named else heads.get(branch, ""))
        folded, skipped, after = resuming.newest_whole(store, path, named, trust=self._trust)
        path = path[: len(path) - len(after)]
        resuming.refuse_other(program, folded.state.session["roots"], session)
        self._keep = kept_of(store, session, self._keep)
        self.timeline = list(headers)
        agents = resuming.agents_of(path, list(folded.state.agents))
        model = resuming.last_model(folded.state)
        interrupted: tuple[str, ...] = ()
        newest = folded.header.id == heads.get(branch)
        status = self._status_of(store, found, session, branch) if newest else "interrupted"
        if named and heads[branch] != named.header.id:  # its branch has gone on since
            from playbooks.session.forking import prepare

            if self._set or self._message is not None:  # before there is a branch of it
                raise resuming.goes_on(named.header.id)
            options = ForkOptions(self._model_option)
            prepared = prepare(store, headers, named.header.id, Edits(), options, trust=self._trust, folded=named)
            branch = prepared.branch
            self._branch_off(prepared, options)
        else:
            damaged = (found.id for found in store.damaged())
            ends = (folded.header.id, *(header.id for header in after), *damaged)
            interrupted = self._take_up(store, folded, path, branch, ends)
        known = known_questions(store, path, folded.state)
        self.runtime.frames.said = spoken(folded.state, known)
        self.resumed = Resumed(
            session,
            branch,
            folded.header.id,
            agents,
            skipped,
            tuple(f"{header.agent}: {header.text}" for header in after if header.kind == "say"),
            self.program.roots[0] if self.program.roots else "",
            resuming.changed_files(self.program, program),
            resuming.failed_agents(folded.state, path),
            interrupted,
            status,
            asked_last(folded.state, known),
            (model, answers) if (answers := self.runtime.model.name) != model and model else None,
        )

    @staticmethod
    def _status_of(store: Store, found: SessionInfo | Folded, session: str, branch: str) -> str:
        """How a branch ended; a session that was asked for tells it of its own."""
        if not isinstance(found, Folded):
            return found.status
        return next((known.status for known in store.branches(session) if known.name == branch), "interrupted")

    def _take_up(
        self, store: Store, folded: Folded, path: list[Header], branch: str, ends: Sequence[str]
    ) -> tuple[str, ...]:
        """Goes on along a branch; gives what may have run, a line each."""
        settled = gone_on(folded.state, self._base_config, self._model_option)
        journal = Journal(folded.state, self._writer(store), self._clock)
        self._keep_in(journal)
        heads = {header.branch: header.id for header in self.timeline if header.branch != branch}
        last = self.timeline[-1].sequence
        journal.go_on(folded.header, folded.windows, last, branch, heads.values())
        journal.last = {header.agent: header for header in path}
        runtime = self._made(journal, settled)
        runtime.prepare()
        self._take(runtime, settled)
        self._said = Said(folded.state)
        return self._expect(runtime, store, folded.header, ends)

    def _expect(self, runtime: Runtime, store: Store, last: Header, ends: Sequence[str]) -> tuple[str, ...]:
        """What was under way when the process died may have run, and model calls stay counted."""
        notes = intents_after(store, last.session, ends, trust=self._trust)
        attempts = attempts_of(runtime.state, notes)
        lost = (calls := calls_of(notes)) > runtime.state.count.get("call", 0)
        if lost:
            runtime.emit(e.CallsCounted(calls))
        if lost or was_asking(runtime.state, last):
            given_up = getattr(runtime.model, "given_up", None)  # a script's costs nothing
            runtime.emit(e.CallDropped(0, cost=given_up(0, 0).cost if given_up else None))
        mode = self.config.durability.interrupted_tool
        runtime.intents.expect(attempts, mode)
        return told(attempts, mode)

    def _made(self, journal: Journal, settled: Settled) -> Runtime:
        return Runtime(settled.program, settled.model, journal, settled.limits, settled.model_settings)

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
