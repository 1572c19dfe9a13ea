"""Where in the record a breakpoint would have stopped, back from a checkpoint: what `back to the last breakpoint` asks.

Apart from live breakpoints because it goes backwards over windows of checkpoints, folding each forward once; what
counts as a hit is decided by the very same functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from playbooks.checkpoints.record import BASE, Header
from playbooks.runtime.breakpoint import BEGINS, Breakpoint
from playbooks.runtime.breakpoints import Beginning, Breakpoints, Hit, Said, of, reaches
from playbooks.runtime.excerpt import awaits, fold
from playbooks.runtime.expression import ExpressionError, parse_expression
from playbooks.runtime.response import Response
from playbooks.runtime.seen import SeenNames
from playbooks.session.record.reader import Reader, advance
from playbooks.state import Event, ProgramState
from playbooks.state import events as e

_BREATH: Final = 64
"""Checkpoints read between two places where the caller may stop."""
_SMALL: Final = BASE
_LARGE: Final = BASE * BASE
"""Checkpoints in a window: few at first, for the last hit is mostly near; begun where a checkpoint carries the merged
changes of just so many, so that what did not change is not read.
"""


class PastHit(msgspec.Struct, frozen=True):
    """A breakpoint would have stopped."""

    header: Header
    """Where: the checkpoint that met it; for what stops before something begins, the one before that."""
    breakpoint: Breakpoint
    id: int
    agent: str
    text: str


def hits_before(reader: Reader, checkpoint: str, breakpoints: Mapping[int, Breakpoint]) -> Iterator[PastHit | None]:
    """Hits before a checkpoint on the way to it, newest first; None in between means: still looking.

    Hit counts are left aside: over the record each hit counts. Log points are none.

    Args:
        reader: Of the session.
        checkpoint: Id of the one to look back from.
        breakpoints: By number.

    Raises:
        UserError: The record can't be read.
    """
    path = reader.path(checkpoint)
    wanted = {
        id: replace(breakpoint, hit=1)
        for id, breakpoint in breakpoints.items()
        if breakpoint.enabled and breakpoint.log is None
    }
    if not wanted or len(path) < 2:
        return
    looking = _Looking(reader, path, wanted)
    known = {checkpoint}
    for begin, end in _windows(len(path) - 1):
        found: dict[str, PastHit] = {}
        for hit in looking.window(begin, end):
            if hit is None:
                yield None
            elif hit.header.id not in known:
                found.setdefault(hit.header.id, hit)
        known.update(found)
        yield from sorted(found.values(), key=lambda hit: -hit.header.sequence)
        yield None


def _windows(end: int) -> Iterator[tuple[int, int]]:
    """From a depth back to 0: small ones up to a multiple of the large size, then large ones."""
    while end > 0:
        size = _LARGE if end % _LARGE == 0 else _SMALL
        begin = (end - 1) // size * size
        yield begin, end
        end = begin


class _Looking:
    """What is looked for on one way."""

    def __init__(self, reader: Reader, path: list[Header], wanted: dict[int, Breakpoint]) -> None:
        self._reader, self._path = reader, path
        self._whole = path[0].depth == 0 and path[-1].depth == len(path) - 1
        last = reader.moment(path[-1].id)
        self._state, self._trusted = last.state, last.trusted
        self._by_header = {id: b for id, b in wanted.items() if b.kind not in BEGINS and b.kind != "when"}
        self._folded = {id: b for id, b in wanted.items() if b.kind == "when" or (b.kind in BEGINS and self._ever(b))}
        conditions = [b.what for b in self._folded.values() if b.kind == "when"]
        self._names = {name.removeprefix("$") for text in conditions for name in parse_expression(text).names}
        self._begins = any(b.kind in BEGINS for b in self._folded.values())

    def _ever(self, breakpoint: Breakpoint) -> bool:
        """Whether what a breakpoint waits for to begin was ever done, or is under way at the end."""
        if breakpoint.kind in ("playbook", "line") or any(
            row[1] == breakpoint.what for row in self._state.frames.values()
        ):
            return True
        if breakpoint.kind == "code":
            ran = any(breakpoint.pattern.search(header.statement) for header in self._path)
        else:
            call = f"{breakpoint.what}("
            ran = any(call in header.statement or call in header.text for header in self._path)
        return ran or any(key[0] == "begun" for held in self._state.record.values() for key in held)

    def window(self, begin: int, end: int) -> Iterator[PastHit | None]:
        """The hits of `path[begin + 1 : end + 1]`, in any order."""
        for header in self._path[begin + 1 : end + 1]:
            for id, breakpoint in self._by_header.items():
                if self._meets(breakpoint, header):
                    yield PastHit(header, breakpoint, id, header.agent, f"{breakpoint.where} at {header.id}")
        if self._folded and (self._begins or self._changed(end)):
            yield from self._fold(begin, end)

    def _meets(self, breakpoint: Breakpoint, header: Header) -> bool:
        def said() -> Said | None:
            events = self._reader.events(header.id)
            sent = (event for event in events if isinstance(event, e.MessageSent))
            return next((Said(event.sender, event.receivers, event.text) for event in sent), None)

        if not (reaches(breakpoint, header, self._state, said) and of(breakpoint, header.agent, self._state)):
            return False
        if not breakpoint.condition:
            return True
        try:
            moment = self._reader.moment(header.id)
            names = SeenNames(moment.state, header.agent, trusted=moment.trusted)
            return parse_expression(breakpoint.condition).truth(names)
        except ExpressionError:
            return False

    def _changed(self, end: int) -> bool:
        """Whether a variable that is looked at may have changed in the window that ends there."""
        merged = self._reader.checkpoint(self._path[end].id).merged if self._whole else None
        if merged is None:
            return True
        if any(name in self._names for held in merged.get("variables", {}).values() for name in held or ()):
            return True
        if merged.get("frames"):
            return True
        groups = (group for held in merged.get("names", {}).values() for group in held or ())
        return any(name in self._names for group in groups for name in str(group).split(" "))

    def _fold(self, begin: int, end: int) -> Iterator[PastHit | None]:
        chain = self._reader.chain(self._path[begin].id)
        breakpoints = Breakpoints(trusted=self._trusted and chain.trusted)
        for id, breakpoint in self._folded.items():
            breakpoints.put(breakpoint, id)
        state = chain.folded.state
        breakpoints.prime(state)
        for place in range(begin + 1, end + 1):
            header, before = self._path[place], self._path[place - 1]
            for at, hit in _hits(self._reader, header, before, state, breakpoints):
                yield PastHit(at, hit.breakpoint, hit.id, hit.agent, hit.text)
            if place % _BREATH == 0:
                yield None


def _hits(
    reader: Reader, header: Header, before: Header, state: ProgramState, breakpoints: Breakpoints
) -> Iterator[tuple[Header, Hit]]:
    """The hits of one checkpoint, with where each stands; takes its events up into the state."""
    for event in reader.events(header.id):
        if breakpoints.begins and (beginning := _beginning(reader, event, state)) is not None:
            for hit in breakpoints.before(beginning, state):
                yield before, hit
        advance(state, event)
    if breakpoints.commits:
        for hit in breakpoints.after(header, state, lambda: None):
            yield header, hit


def _beginning(reader: Reader, event: Event, state: ProgramState) -> Beginning | None:
    """What an event began, as a live run would have told it."""
    if isinstance(event, e.FrameEntered) and not event.parent:
        return Beginning(event.agent, event.playbook, playbook=True)
    if not isinstance(event, e.EffectBegan) or (row := state.frames.get(event.frame)) is None:
        return None
    mode = reader.playbooks(state).get(event.label, "")
    statement, line = _await(state, event.frame, event.label)
    return Beginning(
        row[0],
        event.label,
        mode == "python" or event.label == "Loadfile",
        bool(mode),
        row[1],
        statement or f"await {event.label}(…)",
        line,
    )


def _await(state: ProgramState, frame: int, label: str) -> tuple[str, int]:
    """The await of a callee in the statement under way, on one line, and its line in the response."""
    text = state.response.get(frame)
    if text is None:
        return "", 0
    statements = Response(text, state.whole.get(frame, 0), True).statements
    offset = state.progress_of(frame).offset
    if offset >= len(statements):
        return "", 0
    under_way = statements[offset]
    found = awaits(under_way.source)
    source, line = next(((source, line) for source, line in found if f"{label}(" in source), ("", 1))
    return source or fold(under_way.source), under_way.line + line - 1
