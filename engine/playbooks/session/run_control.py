"""Run, pause, step and breakpoints of a session, from any thread.

Apart from `DebugSession`, which inherits it, because none of it opens, forks or looks. What is wanted is put to the
engine's thread; what is set can be read at once, on any.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Store
from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.runtime.breakpoint import Breakpoint, parse_breakpoint
from playbooks.runtime.breakpoints import Breakpoints
from playbooks.runtime.control import Step
from playbooks.runtime.notices import BreakpointsChanged, Listener, Stop
from playbooks.runtime.runtime import Runtime
from playbooks.session.resume import is_id

if TYPE_CHECKING:
    from playbooks.session.reloading import Reloaded

_NOTE: Final = "breakpoints"
_WATCHES: Final = "watches"
"""Kinds of notes in the store."""


class BreakpointView(msgspec.Struct, frozen=True):
    """A breakpoint as a list shows it."""

    id: int
    """Its number in this session, from 1; not used again while the session is open."""
    breakpoint: Breakpoint
    count: int
    """How often it was hit since the session was opened."""
    problem: str = ""
    """Why its expression had no value when it was last asked; empty: none."""

    @property
    def text(self) -> str:
        """The text form: reading it gives the same breakpoint."""
        return str(self.breakpoint)


class RunControl:
    """The part of a session that runs, stops and steps it."""

    read_only = False
    """Another process has it: see `FollowedSession`."""
    why_read_only = ""

    program: Program
    timeline: list[Header]
    id: Any
    _runtime: Runtime | None
    _store: Store | None
    _listeners: list[Listener]
    _loop: asyncio.AbstractEventLoop | None
    _running: asyncio.Event | None

    def _begin_control(self, breakpoints: Sequence[str]) -> None:
        self._wanted = tuple(breakpoints)
        self._breakpoints = Breakpoints()
        self._listed: dict[int, Breakpoint] = {}
        self._numbers = 0
        self._watches: tuple[str, ...] = ()
        self._setting = threading.Lock()

    def _open_control(self) -> None:
        """Once the program is known: takes over kept breakpoints, then those asked for.

        Raises:
            UserError: One of these is none.
        """
        self._watches = tuple(self._noted(_WATCHES))
        for text in self._noted(_NOTE):
            with contextlib.suppress(UserError):  # of a newer engine, or of a program that has changed
                self._put(parse_breakpoint(text), None)
        for text in self._wanted:
            found = parse_breakpoint(text, self.program)
            if found not in self._listed.values():
                self._put(found, None)

    def _take_control(self, runtime: Runtime) -> None:
        runtime.control.watch(self._breakpoints)

    def _control_committed(self, header: Header) -> None:
        if header.kind == "start":
            self._keep_breakpoints()
            self._note(_WATCHES, self._watches)

    # -- the program ---------------------------------------------------------------------------------------------------

    @property
    def program_files(self) -> tuple[str, ...]:
        """Paths of the files that the program was read from, to be watched."""
        return tuple(file.path for file in self.program.files)

    def reload(self) -> Reloaded:
        """Reads the program's files again, and tells what differs from what runs, which goes on as it is.

        From any thread; a fork takes the program that it gives.
        """
        from playbooks.session.reloading import reload

        return reload(self.program)

    # -- running -------------------------------------------------------------------------------------------------------

    @property
    def stop(self) -> Stop | None:
        """Why the run is held, or about to be; None while it goes on."""
        return self._runtime.control.stop if self._runtime is not None else None

    def pause(self) -> None:
        """Every agent stops at its next await; from any thread."""
        self._control("pause")

    def go(self) -> None:
        """Ends a pause; from any thread."""
        self._control("run")

    def step(self) -> None:
        """To the next checkpoint of any agent; from any thread."""
        self._control("step")

    def step_over(self, agent: str = "") -> None:
        """To the next await that an agent completes in the call where it stands, or in a caller; others run free.

        From any thread.

        Args:
            agent: Its id; empty: that of the newest checkpoint.
        """
        self._step("over", agent)

    def step_into(self, agent: str = "") -> None:
        """To the very next await that the agent, or what it calls, completes; else as `step_over`."""
        self._step("into", agent)

    def step_out(self, agent: str = "") -> None:
        """Until the call where the agent stands has returned; else as `step_over`."""
        self._step("out", agent)

    def run_to(self, where: str) -> None:
        """Runs until a place is come to, once, or anything else stops the run; from any thread.

        Args:
            where: As a breakpoint's text (`Main:03`, `say /deal/`); or the id of a checkpoint, to come to its agent's
                step and statement again.

        Raises:
            UserError: It is neither.
        """
        if is_id(where):
            header = next((header for header in self.timeline if header.id == where), None)
            if header is None:
                raise UserError(f"there is no checkpoint {where} in this session")
            again = header
            self._soon(lambda: self._engine.control.run_to(again=again))
        else:
            to = parse_breakpoint(where, self.program)
            self._soon(lambda: self._engine.control.run_to(to))

    @property
    def _engine(self) -> Runtime:
        assert self._runtime is not None
        return self._runtime

    def _step(self, step: Step, agent: str) -> None:
        self._soon(lambda: self._engine.control.step_agent(step, agent))

    def _control(self, act: str) -> None:
        self._soon(lambda: getattr(self._engine.control, act)())

    def _soon(self, act: Callable[[], Any]) -> None:
        """On the engine's loop; at once while there is none, since then nothing runs."""
        if self._running is None or self._loop is None:
            act()
        else:
            with contextlib.suppress(RuntimeError):  # it closed just now
                self._loop.call_soon_threadsafe(act)

    # -- breakpoints ---------------------------------------------------------------------------------------------------

    @property
    def breakpoints(self) -> tuple[BreakpointView, ...]:
        """Those that are set, in the order they were; from any thread."""
        with self._setting:
            held = list(self._listed.items())
        counts, problems = self._breakpoints.counts, self._breakpoints.problems
        return tuple(BreakpointView(id, found, counts.get(id, 0), problems.get(id, "")) for id, found in held)

    def add_breakpoint(self, text: str) -> int:
        """Sets a breakpoint, kept with the session; from any thread.

        Args:
            text: Its text form, see `runtime.breakpoint`.

        Returns:
            Its number.

        Raises:
            UserError: It is none, or names what the program has not; one line.
        """
        return self._put(parse_breakpoint(text, self.program), None)

    def change_breakpoint(self, id: int, text: str) -> None:
        """Puts another in the place of one, with its number; from any thread.

        Raises:
            UserError: It is none, or there is no breakpoint of that number.
        """
        found = parse_breakpoint(text, self.program)
        self._must_be(id)
        self._put(found, id)

    def enable_breakpoint(self, id: int, enabled: bool = True) -> None:
        """Switches a breakpoint on or off; from any thread.

        Raises:
            UserError: There is none of that number.
        """
        self._put(replace(self._must_be(id), enabled=enabled), id)

    def remove_breakpoint(self, id: int) -> None:
        """Takes a breakpoint away; from any thread.

        Raises:
            UserError: There is none of that number.
        """
        self._must_be(id)
        with self._setting:
            self._listed.pop(id, None)

        def remove() -> None:
            self._breakpoints.remove(id)
            self._breakpoints_changed()

        self._soon(remove)

    @property
    def stops_on_error(self) -> bool:
        """Whether a plain `error` breakpoint is set and on."""
        return Breakpoint("error") in self._listed.values()

    def stop_on_error(self, stops: bool = True) -> None:
        """Sets or takes away the plain `error` breakpoint; from any thread."""
        found = next(
            (id for id, held in self._listed.items() if replace(held, enabled=True) == Breakpoint("error")), None
        )
        if stops and found is None:
            self.add_breakpoint("error")
        elif found is not None and stops:
            self.enable_breakpoint(found)
        elif found is not None:
            self.remove_breakpoint(found)

    def _must_be(self, id: int) -> Breakpoint:
        found = self._listed.get(id)
        if found is None:
            raise UserError(f"there is no breakpoint {id}")
        return found

    def _put(self, breakpoint: Breakpoint, id: int | None) -> int:
        with self._setting:
            if id is None:
                self._numbers += 1
                id = self._numbers
            self._listed[id] = breakpoint
        number = id

        def put() -> None:
            self._breakpoints.put(breakpoint, number)
            if self._runtime is not None:
                self._breakpoints.prime(self._runtime.state)
            self._breakpoints_changed()

        self._soon(put)
        return number

    def _breakpoints_changed(self) -> None:
        if self._runtime is not None:
            self._runtime.control.changed()
        self._keep_breakpoints()
        for listener in tuple(self._listeners):
            listener(BreakpointsChanged())

    def _keep_breakpoints(self) -> None:
        if self._runtime is None:
            return
        with self._setting:
            texts = [str(breakpoint) for breakpoint in self._listed.values()]
        self._note(_NOTE, texts)

    # -- watches -------------------------------------------------------------------------------------------------------

    @property
    def watches(self) -> tuple[str, ...]:
        """Expressions that the person wants to see at every moment, kept with the session; from any thread."""
        return self._watches

    def set_watches(self, texts: Sequence[str]) -> None:
        """Puts these in the place of those there were; from any thread.

        Args:
            texts: See `runtime.expression`; what one is worth at a moment `SessionRecord.watch` tells.
        """
        self._watches = tuple(texts)
        self._soon(lambda: self._note(_WATCHES, self._watches))

    # -- kept with the session -----------------------------------------------------------------------------------------

    def _noted(self, kind: str) -> list[str]:
        return noted(self._store, self.id, kind)

    def _note(self, kind: str, texts: Sequence[str]) -> None:
        """Keeps texts in the place of those there were; a session that has no checkpoint yet keeps them with its first.

        A full disk must not stop the run for this.
        """
        if self._store is not None and self.id:
            with contextlib.suppress(UserError):
                if list(texts) != self._noted(kind):
                    self._store.note(self.id, kind, {"all": list(texts)})


def noted(store: Store | None, session: str, kind: str) -> list[str]:
    """Texts that are kept with a session; none that another user's engine wrote.

    Args:
        store: Where it is kept; None: nowhere.
        session: Its id; empty: it has none yet.
        kind: Of the note.
    """
    if store is None or not session:
        return []
    notes = [note for note in store.notes(session, kind) if note.signed]
    texts = notes[-1].data.get("all") if notes else None
    return [text for text in texts if isinstance(text, str)] if isinstance(texts, list) else []
