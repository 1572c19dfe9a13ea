"""Forks of a session: looked at, planned, begun.

Apart from `DebugSession`, which inherits it, because none of it opens, runs or steps.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbooks.checkpoints.record import BranchInfo, Header
from playbooks.checkpoints.store import StorageError, Store, UnknownCheckpoint
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.runtime.journal import Journal
from playbooks.runtime.recorded import RecordedCalls
from playbooks.runtime.runtime import Runtime
from playbooks.session.chains import nothing_kept, read_chain
from playbooks.session.edits import NO_RESULT, Edits
from playbooks.session.moment import Said
from playbooks.session.opening import LockingWriter
from playbooks.session.resume import branch_path
from playbooks.session.settling import ForkOptions, Settled, gone_on
from playbooks.state import events as e

if TYPE_CHECKING:  # late: a run that begins is no fork, and a start counts what it loads
    from playbooks.session.changeable import Leaving
    from playbooks.session.forking import Prepared
    from playbooks.session.planning import ForkPlan


class Branching:
    """The part of a session that forks it."""

    id: Any
    timeline: list[Header]
    _given_store: Store | None
    interrupt: Callable[[], None]
    _said: Said
    _store: Store | None
    _running: asyncio.Event | None
    _base_config: Config
    _clock: Callable[[], float]
    _model_option: str | None
    _resume: str | bool | None
    _trust: bool
    _keep_in: Callable[[Journal], None]
    _made: Callable[[Journal, Settled], Runtime]
    _take: Callable[[Runtime, Settled], None]
    _writer: Callable[[Store], LockingWriter]

    @property
    def taken_away(self) -> bool:
        """Whether its newest checkpoint is not there any more: then there is nothing to resume, whatever was kept."""
        if self._store is None or not self.timeline:
            return False
        if self._given_store is None and not os.path.exists(self._base_config.durability.storage_path):
            return True  # a database that is open is read on although its file is gone
        try:
            self._store.read(self.timeline[-1].id)
        except UnknownCheckpoint:
            return True
        except UserError:  # it is there, and can't be read
            pass
        return False

    def plan(
        self,
        checkpoint: str,
        *,
        before: bool = False,
        label: str = "",
        edits: Edits | None = None,
        options: ForkOptions | None = None,
    ) -> ForkPlan:
        """What a fork would do; runs nothing.

        Raises:
            UserError: There is no such checkpoint, or an edit can't take.
        """
        return self._prepared(checkpoint, edits or Edits(), before=before, label=label, options=options).plan()

    def leaving(self, checkpoint: str, *, before: bool = False) -> Leaving:
        """What a fork could change, after a checkpoint or before it; runs nothing, from any thread.

        Raises:
            UserError: There is no such checkpoint, nothing is before it, or its chain is damaged.
        """
        from playbooks.session.changeable import leaving
        from playbooks.session.forking import events_of, later_on

        if self._store is None:
            raise nothing_kept()
        self._refuse_taken_away(checkpoint)
        found = self._store.read(checkpoint)
        if before:
            if not found.header.parent:
                raise UserError(f"nothing is before {checkpoint}", "run the program again")
            found = self._store.read(found.header.parent)
        headers, at = list(self.timeline), found.header
        later = events_of(self._store, lambda: later_on(headers, at), trust=self._trust)
        chain = read_chain(self._store, found.header.id)
        place = leaving(chain.folded.state, found, later, trusted=chain.trusted)
        return replace(place, things=tuple(t for t in place.things if t.kind != "result")) if before else place

    async def fork(
        self,
        checkpoint: str,
        *,
        before: bool = False,
        result: Any = NO_RESULT,
        set: Mapping[str, Any] | None = None,
        say: Sequence[tuple[str, str]] = (),
        response: str | None = None,
        regenerate: bool = False,
        model: str | None = None,
        temperature: float | None = None,
        program: Program | None = None,
        label: str = "",
    ) -> BranchInfo:
        """Begins a branch from a checkpoint; `run` then runs it. A run under way is interrupted first.

        Args:
            checkpoint: Its id; the branch begins after it.
            before: The branch begins before it, so that its statement runs again.
            result: What the awaited call that made the checkpoint gives instead.
            set: Variables: `NAME` in the checkpoint's agent, `1001.NAME` in another, `$NAME` the agent's own.
            say: (agent, text): what that agent has on its way says this instead.
            response: Takes the place of the rest of the response under way.
            regenerate: The model is asked for the rest of the response instead of serving it.
            model: As `--model`; answers what is asked from here on.
            temperature: Of the model.
            program: Runs instead of the recorded one.
            label: Name of the branch.

        Raises:
            UserError: There is no such checkpoint, or an edit can't take; nothing has happened then.
        """
        edits = Edits(result, dict(set or {}), tuple(say), response, regenerate)
        options = ForkOptions(model, temperature, program)
        prepared = self._prepared(checkpoint, edits, before=before, label=label, options=options)
        if self._running is not None:
            self.interrupt()
            await self._running.wait()
        self._branch_off(prepared, options)
        return BranchInfo(
            self.id, prepared.branch, self.timeline[-1].id, prepared.folded.header.id, "running"
        )  # fmt: skip

    def _refuse_taken_away(self, checkpoint: str) -> None:
        if self.taken_away and any(header.id == checkpoint for header in self.timeline):
            raise StorageError(
                f"the checkpoints of {self.id} were taken away while it was open",
                "put them back, or run the program afresh",
                file=str(self._base_config.durability.storage_path),
            )

    def _prepared(
        self, checkpoint: str, edits: Edits, *, before: bool, label: str, options: ForkOptions | None = None
    ) -> Prepared:
        from playbooks.session.forking import prepare

        if self._store is None:
            raise nothing_kept()
        self._refuse_taken_away(checkpoint)
        return prepare(
            self._store, list(self.timeline), checkpoint, edits, options or ForkOptions(),
            before=before, label=label, trust=self._trust,
        )  # fmt: skip

    def _branch_off(self, prepared: Prepared, options: ForkOptions) -> None:
        from playbooks.session.forking import events_of, rewritten
        from playbooks.session.questions import known_questions, spoken

        store = self._store
        assert store
        at, state = prepared.folded.header, prepared.folded.state
        # Who answers here was asked for when this process took a session up; a new one's is in the record.
        settled = gone_on(state, self._base_config, self._model_option if self._resume else None, options)
        journal = Journal(state, self._writer(store), self._clock)
        self._keep_in(journal)
        last = max((header.sequence for header in self.timeline), default=0)
        heads = {header.branch: header.id for header in self.timeline}
        journal.go_on(at, prepared.folded.windows, last, prepared.branch, heads.values())
        path = branch_path(self.timeline, at.id)
        said = spoken(state, known_questions(store, path, state))
        journal.last = {header.agent: header for header in path}
        recorded = None
        if options.model is None and options.temperature is None:
            later = events_of(store, prepared.later, trust=self._trust)
            recorded = RecordedCalls(state, later, without=rewritten(prepared.events))
        runtime = self._made(journal, settled)
        runtime.frames.said = said
        runtime.prepare()  # a program that can't run is refused before anything has happened
        program = options.program
        forked = e.Forked(
            prepared.branch,
            tuple((change.what, str(change)) for change in prepared.changes),
            options.model or "",
            program.hash if program else "",
            program.roots if program else (),
            tuple((file.path, file.text) for file in program.files) if program else (),
            options.temperature,
        )
        what = "; ".join(str(change) for change in prepared.changes)
        own = ("program", "config", "_runtime", "_said")
        before = {name: value for name, value in vars(self).items() if name in own}
        self._take(runtime, settled)
        self._said = Said(state)
        try:
            store.set_status(self.id, prepared.branch, "running")
            journal.commit(
                at.agent,
                "fork",
                at.statement,
                [forked, *prepared.events],
                step=at.step,
                playbook=at.playbook,
                line=at.line,
                peer=at.peer,
                text=f"{prepared.branch}: {what}" if what else prepared.branch,
            )
        except BaseException:  # on a full disk: there is no such branch, and how the run ended stays what is told
            vars(self).update(before)
            raise
        runtime.recorded = recorded
        runtime.replay_from_here()
