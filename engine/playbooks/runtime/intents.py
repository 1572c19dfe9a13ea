"""What is about to happen outside, noted before it begins: after a crash it *may have run*.

A checkpoint tells only what was complete. So a tool, and a model call with its count, is first noted beside the
checkpoints, in one small write; the next checkpoint holds it as an event, and the note is of no use any more. A resume
finds the calls that began and did not end, and `interrupted_tool` decides what becomes of each when the program comes
to it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec.structs import replace

from playbooks.runtime.notices import MayHaveRun
from playbooks.runtime.signals import ToolInterrupted
from playbooks.state import ProgramState
from playbooks.state import events as e

if TYPE_CHECKING:
    from playbooks.runtime.call import Call, Running
    from playbooks.runtime.runtime import Runtime

Interrupted = Literal["rerun", "ask", "fail"]
Decision = Literal["rerun", "ask", "fail", "result"]


class Attempt(msgspec.Struct, frozen=True):
    """A call that began and was not seen to end."""

    place: str
    """Where it stands in the tree of calls: equal on a resume that does the same again."""
    agent: str
    label: str
    digest: str
    call: str
    """For people: `Charge(10)`."""


def place_of(state: ProgramState, frame: int, unit: int, path: tuple[int, ...], n: int) -> str:
    """A call's place, told without the frame's id: which ids come is a race between agents."""
    parts = [f"{unit}:{'.'.join(map(str, path))}:{n}"]
    while (row := state.frame(frame)).parent:
        parts.append(f"{row.unit}:{'.'.join(map(str, row.path))}:{row.n}")
        frame = row.parent
    return "/".join((f"{row.agent}.{state.agent(row.agent).roots}", *reversed(parts)))


def attempts_of(state: ProgramState, notes: Iterable[Mapping[str, Any]] = ()) -> list[Attempt]:
    """The calls that may have run at a moment.

    Args:
        state: At the moment.
        notes: Of intents written after its checkpoint.
    """
    found: dict[str, Attempt] = {}
    for (frame, unit), record in state.record.items():
        if frame not in state.frames or frame in state.returned:
            continue
        for key, held in record.items():
            if key[0] != "tried" or ("ended", *key[1:]) in record or _goes_on(state, record.get(("child", *key[1:]))):
                continue
            begun = record.get(("begun", *key[1:]))
            if begun is not None:
                place = place_of(state, frame, unit, *key[1:])
                found[place] = Attempt(place, state.frames[frame][0], begun[1], begun[2], held[0])
    for note in notes:
        if note.get("what") == "tool":
            place, agent, label, digest, call = (
                str(note.get(key, "")) for key in ("place", "agent", "label", "digest", "call")
            )
            found[place] = Attempt(place, agent, label, digest, call)
        elif note.get("what") == "awaits":  # it came to an await of its own: from there on its replay is exact
            found.pop(str(note.get("place")), None)
    return list(found.values())


def calls_of(notes: Iterable[Mapping[str, Any]]) -> int:
    """How many model calls had been made, by the intents; 0 when they say nothing."""
    made = (note.get("call") for note in notes if note.get("what") == "model")
    return max((call for call in made if isinstance(call, int)), default=0)


def _goes_on(state: ProgramState, child: tuple[int] | None) -> bool:
    """Whether a tool had come to an await of its own: then what it did is known, and it goes on from there."""
    if child is None:
        return False
    return any(key[0] == "begun" for key in state.record.get((child[0], state.progress_of(child[0]).unit), ()))


class Intents:
    """The part of a runtime that notes what is about to begin, and decides about what may have run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._mode: Interrupted = "rerun"
        self._expected: dict[str, Attempt] = {}
        self._asked: dict[str, tuple[MayHaveRun, asyncio.Future[tuple[Decision, Any]]]] = {}

    @property
    def asked(self) -> tuple[MayHaveRun, ...]:
        """Those that wait for the person's decision."""
        return tuple(notice for notice, _ in self._asked.values())

    def expect(self, attempts: Iterable[Attempt], mode: Interrupted) -> None:
        """What may have run before this runtime began, and what becomes of it."""
        self._expected = {attempt.place: attempt for attempt in attempts}
        self._mode = mode

    def begins_anew(self, child: tuple[int] | None) -> bool:
        """Whether a tool that is called has nothing recorded inside."""
        return not _goes_on(self._runtime.state, child)

    def model_asked(self, call: int) -> None:
        """A model call is about to begin: it stays counted."""
        self._runtime.intend({"what": "model", "call": call})

    def awaits(self, running: Running) -> None:
        """A tool came to its first await."""
        frame = running.frame
        row = self._runtime.state.frame(frame.id)
        if row.parent:
            place = place_of(self._runtime.state, row.parent, row.unit, row.path, row.n)
            self._runtime.intend({"what": "awaits", "place": place})

    async def begin(self, call: Call, running: Running, digest: str) -> tuple[bool, Any] | None:
        """Called before a tool begins; gives its outcome when it is not to run again."""
        runtime, frame = self._runtime, running.frame
        place = place_of(runtime.state, frame.id, running.unit, running.path, running.n)
        shown = call.shown or f"{call.label}()"
        attempt = self._take(Attempt(place, frame.agent, call.label, digest, shown)) if self._expected else None
        if attempt is not None:
            running.again = True
            outcome = await self._decided(attempt)
            if outcome is not None:
                return outcome
        noted = {"place": place, "agent": frame.agent, "label": call.label, "digest": digest, "call": shown}
        runtime.intend({"what": "tool", **noted}, outside=True)
        runtime.emit(e.CallAttempted(frame.id, running.unit, running.path, running.n, shown))
        return None

    def _take(self, now: Attempt) -> Attempt | None:
        """The attempt that a call repeats. A response that was lost with the crash may come to it at another place."""
        same = (now.agent, now.label, now.digest)
        found = self._expected.get(now.place)
        if found is None or (found.agent, found.label, found.digest) != same:
            found = next((a for a in self._expected.values() if (a.agent, a.label, a.digest) == same), None)
        if found is not None:
            del self._expected[found.place]
        return found

    async def _decided(self, attempt: Attempt) -> tuple[bool, Any] | None:
        runtime = self._runtime
        how: Decision = self._mode
        value: Any = None
        notice = MayHaveRun(attempt.place, attempt.agent, attempt.call, self._mode)
        runtime.notify(notice)
        if how == "ask":
            answer = asyncio.get_running_loop().create_future()
            self._asked[attempt.place] = notice, answer
            runtime.effects.activity += 1
            runtime.standstill.poke()
            try:
                how, value = await answer
            finally:
                del self._asked[attempt.place]
            runtime.notify(replace(notice, decision=how))
        if how == "fail":
            return False, ToolInterrupted(
                f"{attempt.call} may have run when the process died, and is not called again: find out what it did"
            )
        return (True, value) if how == "result" else None

    def decide(self, id: str, how: Literal["rerun", "result", "fail"], value: Any = None) -> bool:
        """The person's decision; False when nothing of that id waits for one."""
        held = self._asked.get(id)
        if held is None or held[1].done():
            return False
        held[1].set_result((how, value))
        self._runtime.effects.activity += 1
        if self._runtime.status == "waiting":
            self._runtime.set_status("running")
        return True
