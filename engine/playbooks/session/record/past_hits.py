"""Where in the record a breakpoint would have stopped, back from a checkpoint: what `back to the last breakpoint` asks.

Apart from live breakpoints because it goes backwards over windows of checkpoints, folding each forward once; what
counts as a hit is decided by the very same functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from playbooks.checkpoints.record import Header
from playbooks.runtime.breakpoint import Breakpoint
from playbooks.runtime.breakpoints import Beginning, Breakpoints, Hit, Said
from playbooks.runtime.excerpt import awaits, fold
from playbooks.runtime.response import Response
from playbooks.session.record.reader import Reader, advance
from playbooks.state import Event, ProgramState
from playbooks.state import events as e

_FIRST: Final = 32
_LARGEST: Final = 1_024
"""Checkpoints in a window: few at first, for the last hit is mostly near."""
_BY_HEADER: Final = frozenset({"step", "agent", "error"})


@dataclass(frozen=True, slots=True)
class PastHit:
    """A breakpoint would have stopped."""

    header: Header
    """Where: the checkpoint that met it; for what stops before something begins, the one before that."""
    breakpoint: Breakpoint
    id: int
    agent: str
    text: str


def hits_before(reader: Reader, checkpoint: str, breakpoints: dict[int, Breakpoint]) -> Iterator[PastHit | None]:
    """Hits before a checkpoint on the way to it, newest first; None in between means: still looking.

    Hit counts are left aside: over the record each hit counts. Log points are none.

    Args:
        reader: Of the session.
        checkpoint: Id of the one to look back from.
        breakpoints: By number.

    Raises:
        UserError: The record can't be read.
    """
    wanted = {
        id: replace(breakpoint, hit=1)
        for id, breakpoint in breakpoints.items()
        if breakpoint.enabled and breakpoint.log is None
    }
    path = reader.path(checkpoint)
    end = len(path) - 1  # a hit stands before the last
    if not wanted or end < 1:
        return
    size = _FIRST
    last = ""
    while end > 0:
        begin = max(0, end - size)
        if _worth(path[begin : end + 1], wanted):
            for hit in _window(reader, path, begin, end, wanted, last):
                last = hit.header.id
                yield hit
        yield None
        end, size = begin, min(size * 2, _LARGEST)


def _worth(headers: Sequence[Header], wanted: dict[int, Breakpoint]) -> bool:
    """Whether a window may hold a hit, by its headers alone."""
    for breakpoint in wanted.values():
        if breakpoint.kind not in _BY_HEADER and breakpoint.kind not in ("say", "from", "to"):
            return True
        kind = {"step": "step", "error": "error", "say": "say", "from": "say", "to": "say"}.get(breakpoint.kind)
        if any(kind in (None, header.kind) for header in headers):
            return True
    return False


def _window(
    reader: Reader, path: list[Header], begin: int, end: int, wanted: dict[int, Breakpoint], last: str
) -> list[PastHit]:
    """The hits of `path[begin + 1 : end + 1]`, newest first, each checkpoint once; those that stand at the end itself
    are left out.
    """
    breakpoints = Breakpoints()
    for id, breakpoint in wanted.items():
        breakpoints.put(breakpoint, id)
    state = reader.chain(path[begin].id).folded.state
    breakpoints.prime(state)
    found: dict[str, PastHit] = {}
    stop = path[-1].id
    for place in range(begin + 1, end + 1):
        header, before = path[place], path[place - 1]
        for at, hit in _hits(reader, header, before, state, breakpoints):
            if at.id not in (stop, last) and at.id not in found:
                found[at.id] = PastHit(at, hit.breakpoint, hit.id, hit.agent, hit.text)
    return sorted(found.values(), key=lambda hit: -hit.header.sequence)


def _hits(
    reader: Reader, header: Header, before: Header, state: ProgramState, breakpoints: Breakpoints
) -> Iterator[tuple[Header, Hit]]:
    """The hits of one checkpoint, with where each stands; takes its events up into the state."""
    said: Said | None = None
    for event in reader.events(header.id):
        if breakpoints.begins and (beginning := _beginning(reader, event, state)) is not None:
            for hit in breakpoints.before(beginning, state):
                yield before, hit
        if isinstance(event, e.MessageSent):
            said = Said(event.sender, event.receivers, event.text)
        advance(state, event)
    if breakpoints.commits:
        for hit in breakpoints.after(header, state, lambda: said):
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
        statement or f"await {event.label}()",
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
