"""The history of one variable: each value it had, which checkpoint brought it, on which branch.

Apart because it reads the record backwards and skips, by the merged changes that checkpoints carry, what did not touch
the variable: asking who changed something last costs the same after ten thousand checkpoints as after ten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from playbooks.checkpoints.codec import DamagedValue, Described, decode
from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.runtime.excerpt import fold
from playbooks.runtime.response import Response
from playbooks.runtime.seen import innermost
from playbooks.runtime.stored_names import StoredNames
from playbooks.session.record.reader import Reader, advance, events_of
from playbooks.state import ProgramState
from playbooks.state import events as e
from playbooks.state.program_state import owner

Where = Literal["past", "later", "other"]


class VariableEntry(msgspec.Struct, frozen=True):
    """A variable got a value."""

    header: Header
    """The checkpoint that brought it: the first at which it has the value."""
    agent: str
    name: str
    """`$price` of the agent, `offer` of a frame."""
    value: Any
    """Decoded to be looked at; None when `gone`."""
    gone: bool
    """It was deleted, or its frame is over."""
    where: Where
    """`past`: on the way to where one looks from; `later`: after that, on its branch; `other`: on another branch."""
    first: bool = False
    """It had none before."""


class Place(msgspec.Struct, frozen=True):
    """The code that gave a variable its value."""

    statement: str
    """Its source on one line; that of the checkpoint where it is not known better."""
    line: int
    """In its response, from 1; 0 outside model code."""
    playbook: str


class Variable(msgspec.Struct, frozen=True):
    """Which variable is meant."""

    agent: str
    name: str
    frame: int = 0
    """Of a frame's own; 0: the agent's."""

    def key(self) -> tuple[str, Any, str]:
        """Table, key and name in the state."""
        if self.frame:
            return "names", self.frame, self.name
        bare = self.name.removeprefix("$")
        return "variables", owner(self.agent, bare), bare


def variable_at(state: ProgramState, agent: str, name: str) -> Variable:
    """The variable that a name means at a moment: `$x` the agent's; a bare one its innermost frame's, if that has it,
    else the agent's.
    """
    if name.startswith("$"):
        return Variable(agent, name)
    frame = innermost(state, agent)
    held = state.names.get(frame, {})
    known = any(name in group.split(" ") for group in held)
    if frame and (known or name not in state.variables.get(agent, {})):
        return Variable(agent, name, frame)
    return Variable(agent, f"${name}")


def history(reader: Reader, checkpoint: str, agent: str, name: str, *, all: bool = True) -> Iterator[VariableEntry]:
    """The values of a variable, newest first: those to come on the branch, those up to a checkpoint, then those of
    other branches.

    Args:
        reader: Of the session.
        checkpoint: Id of the one looked from.
        agent: Whose.
        name: `$price`, or a bare name as its code would read it there.
        all: False: only those up to the checkpoint.

    Raises:
        UserError: The record can't be read.
    """
    here = reader.header(checkpoint)
    variable = variable_at(reader.moment(checkpoint).state, agent, name)
    on_path = {header.id for header in reader.path(checkpoint)} if all else set()
    seen: set[str] = set()
    if all:
        head = reader.heads()[here.branch]
        yield from _changes(reader, head.id, variable, "later", on_path, seen)
    yield from _changes(reader, checkpoint, variable, "past", set(), seen)
    if all:
        for branch, head in reader.heads().items():
            if branch != here.branch:
                yield from _changes(reader, head.id, variable, "other", on_path, seen)


def changed_last(reader: Reader, checkpoint: str, agent: str, name: str) -> VariableEntry | None:
    """What gave a variable the value it has at a checkpoint; None: it never got one.

    Raises:
        UserError: The record can't be read.
    """
    return next(history(reader, checkpoint, agent, name, all=False), None)


def past(reader: Reader, checkpoint: str, agent: str, name: str) -> Iterator[VariableEntry]:
    """The values a variable had up to a checkpoint, newest first, one a checkpoint: what `changed_last` gives at the
    checkpoint, then at the parent of each that it gave.

    Raises:
        UserError: The record can't be read.
    """
    if name.startswith("$"):  # it means the same everywhere: one way back finds all
        last = ""
        for entry in history(reader, checkpoint, agent, name, all=False):
            if entry.header.id != last:
                last = entry.header.id
                yield entry
        return
    while checkpoint and (found := changed_last(reader, checkpoint, agent, name)) is not None:
        yield found
        checkpoint = found.header.parent


def _changes(
    reader: Reader, head: str, variable: Variable, where: Where, until: set[str], seen: set[str]
) -> Iterator[VariableEntry]:
    table, key, name = variable.key()

    def in_window(merged: dict[str, Any]) -> bool:
        held = merged.get(table, {}).get(key, ())
        return held is None or any(name in str(group).split(" ") for group in held) or _entered(merged, variable)

    held: VariableEntry | None = None
    for checkpoint in reader.back(head, in_window):
        if checkpoint.header.id in until or checkpoint.header.id in seen:
            break
        seen.add(checkpoint.header.id)
        for entry in reversed(list(_entries(checkpoint, variable, where))):
            again = held is not None and entry.first and show(entry.value) == show(held.value)
            if held is not None and not again:  # a frame's first unit keeps its arguments once more
                yield held
            held = entry
    if held is not None:
        yield held


def _entered(merged: dict[str, Any], variable: Variable) -> bool:
    return bool(variable.frame) and variable.frame in merged.get("frames", {})


def _entries(checkpoint: Checkpoint, variable: Variable, where: Where) -> Iterator[VariableEntry]:
    _, key, name = variable.key()

    def entry(data: bytes | None, group: str = "", *, first: bool = False) -> VariableEntry:
        value = _decoded(data, group or name, name)
        return VariableEntry(
            checkpoint.header, variable.agent, variable.name, value, data is None, where, first
        )  # fmt: skip

    for event in events_of(checkpoint):
        if not variable.frame:
            if isinstance(event, e.VariableWritten) and (event.agent, event.name) == (key, name):
                yield entry(event.data)
        elif isinstance(event, e.UnitEnded) and event.frame == variable.frame:
            written = [(group, data) for group, data in event.names if name in group.split(" ")]
            for group, data in written:
                if data is not None or len(written) == 1:  # it may only have moved to another group
                    yield entry(data, group)
        elif isinstance(event, e.FrameEntered) and event.frame == variable.frame and event.arguments:
            arguments = _decoded(event.arguments, "its arguments", "")
            if isinstance(arguments, dict) and name in arguments:
                yield entry(event.arguments, "its arguments", first=True)


def _decoded(data: bytes | None, group: str, name: str) -> Any:
    if data is None:
        return None
    try:
        found = StoredNames.load({group: data}, lambda data: decode(data, trusted=False))
    except DamagedValue as error:
        return Described("damaged", str(error))
    return found.get(name) if name else found


def place_of(reader: Reader, entry: VariableEntry) -> Place:
    """The code that gave the variable its value: often the statement before the await of its checkpoint.

    Raises:
        UserError: The record can't be read.
    """
    header = entry.header
    known = Place(header.statement, header.line, header.playbook)
    if not header.parent or (variable := _variable_of(reader, entry)) is None:
        return known
    state = reader.state(header.parent)
    written = False
    table, key, name = variable.key()
    events = list(reader.events(header.id))
    for at, event in enumerate(events):
        ended = isinstance(event, e.UnitEnded)
        if isinstance(event, e.VariableWritten) and table == "variables":
            written |= (event.agent, event.name) == (key, name)
        elif isinstance(event, e.UnitEnded) and event.frame == variable.frame:
            written |= any(name in group.split(" ") for group, _ in event.names)
        if written and ended:
            return _statement(state, event, events[at:]) or known
        if written and not isinstance(event, e.VariableWritten):
            return known
        advance(state, event)
    return known


def _variable_of(reader: Reader, entry: VariableEntry) -> Variable | None:
    if entry.name.startswith("$"):
        return Variable(entry.agent, entry.name)
    state = reader.moment(entry.header.id).state
    return variable_at(state, entry.agent, entry.name)


def _statement(state: ProgramState, ended: e.Event, later: Sequence[e.Event]) -> Place | None:
    """The statement that a unit ended with; its text may have been taken up only with the await that came later."""
    assert isinstance(ended, e.UnitEnded)
    for event in later:
        if isinstance(event, e.TurnEnded | e.FrameReturned | e.FrameDropped) and event.frame == ended.frame:
            break
        if isinstance(event, e.ResponseReceived) and event.frame == ended.frame:
            advance(state, event)
    text = state.response.get(ended.frame)
    if text is None:
        return None
    offset = state.progress_of(ended.frame).offset
    statements = Response(text, state.whole.get(ended.frame, 0), True).statements
    if offset >= len(statements):
        return None
    found = statements[offset]
    return Place(fold(found.source), found.line, state.frames[ended.frame][1])
