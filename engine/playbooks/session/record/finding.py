"""Finding a text in the record: in statements, in what was said, in variables.

Apart because it goes from the cheap to the dear: headers are in memory and searched first, then the checkpoints are
read one by one. The caller takes hits as they come and stops when it has enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from playbooks.checkpoints.codec import DamagedValue, decode
from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header
from playbooks.runtime.journal import TEXT_LIMIT
from playbooks.runtime.stored_names import StoredNames
from playbooks.session.chains import CantBeRead
from playbooks.session.record.reader import Reader, events_of
from playbooks.state import events as e
from playbooks.state.program_state import MEETINGS

_BREATH: Final = 64
"""Checkpoints read between two places where the caller may stop."""
_AROUND: Final = 40
_VALUE: Final = 20_000
"""Characters of a value that are searched."""


class Found(msgspec.Struct, frozen=True):
    """A place where the text stands."""

    header: Header
    what: Literal["statement", "message", "variable"]
    agent: str
    """Whose statement, message or variable."""
    excerpt: str
    """The text around it, on one line."""
    start: int
    """Where in the excerpt it stands."""
    length: int


def find(reader: Reader, text: str, start: str = "") -> Iterator[Found | None]:
    """The places where a text stands, from a checkpoint on and round to it again; first in what is quick to search.

    None in between means: still looking. Case does not matter.

    Args:
        reader: Of the session.
        text: What to find; nothing is found for an empty one.
        start: Id of the checkpoint to begin after; empty: at the first.

    Raises:
        UserError: There is no such checkpoint.
    """
    wanted = text.casefold()
    headers = list(reader.headers)
    first = reader.place(start) + 1 if start else 0
    order = [*headers[first:], *headers[:first]]
    if not wanted.strip():
        return
    known: set[str] = set()
    for header in order:
        if (hit := _in_header(header, text, wanted)) is not None:
            known.add(header.id)
            yield hit
    for count, header in enumerate(order, 1):
        try:
            yield from _in_events(reader, header, text, wanted, header.id in known)
        except CantBeRead:
            continue
        if count % _BREATH == 0:
            yield None


def _in_header(header: Header, text: str, wanted: str) -> Found | None:
    if wanted in header.text.casefold():
        what: Literal["statement", "message"] = "message" if header.kind in ("say", "heard") else "statement"
        return _found(header, what, header.agent, header.text, text)
    if wanted in header.statement.casefold():
        return _found(header, "statement", header.agent, header.statement, text)
    return None


def _in_events(reader: Reader, header: Header, text: str, wanted: str, known: bool) -> Iterator[Found]:
    agents: dict[int, str] = {}
    for event in events_of(reader.checkpoint(header.id)):
        if isinstance(event, e.MessageSent):
            if not known and len(event.text) >= TEXT_LIMIT and wanted in event.text.casefold():
                yield _found(header, "message", event.sender, event.text, text)
        elif isinstance(event, e.VariableWritten):
            if event.data is not None and (shown := _shown(f"${event.name}", event.data, wanted)):
                agent = header.agent if event.agent == MEETINGS else event.agent
                yield _found(header, "variable", agent, shown, text)
        elif isinstance(event, e.FrameEntered):
            agents[event.frame] = event.agent
        elif isinstance(event, e.UnitEnded):
            for group, data in event.names:
                if data is not None and (shown := _shown(group, data, wanted)):
                    yield _found(header, "variable", agents.get(event.frame, header.agent), shown, text)


def _shown(group: str, data: bytes, wanted: str) -> str:
    """`name = value` of the first variable of a group that has the text in it; empty: none has."""
    try:
        values = StoredNames.load({group: data}, lambda data: decode(data, trusted=False))
    except DamagedValue:
        return ""
    for name, value in values.items():
        if name[:2] == "__":
            continue
        shown = value if isinstance(value, str) else show(value, _VALUE)
        if wanted in name.casefold() or wanted in shown[:_VALUE].casefold():
            return f"{name} = {shown}"
    return ""


def _found(
    header: Header, what: Literal["statement", "message", "variable"], agent: str, whole: str, text: str
) -> Found:
    """A hit with the text around it. Case folding may change lengths, so the place is looked for again."""
    place = whole.lower().find(text.lower())
    place = max(place, 0)
    begin = max(0, place - _AROUND)
    excerpt = whole[begin : place + len(text) + 2 * _AROUND]
    before = " ".join(whole[begin:place].split("\n"))
    lead = "…" if begin else ""
    tail = "…" if begin + len(excerpt) < len(whole) else ""
    return Found(header, what, agent, lead + " ".join(excerpt.split("\n")) + tail, len(lead) + len(before), len(text))
