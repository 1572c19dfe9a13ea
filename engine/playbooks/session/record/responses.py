"""The response that a checkpoint's statement stands in: its code with what has run, and the very prompt it answered.

Apart because both start from the same frame, and the prompt is built again from the record as it was when the model was
asked: its hash must be the recorded one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from playbooks.errors import UserError
from playbooks.runtime.context import prompt_hash, prompt_of
from playbooks.runtime.response import Response
from playbooks.session.programs import recorded_program
from playbooks.session.record.reader import Reader, advance, events_of
from playbooks.state import Event, ProgramState
from playbooks.state import events as e

Received = Callable[[int, int], tuple[str, bool] | None]
"""Frame and turn → what came of that response, and whether that is all; None: it is not known."""
LineState = Literal["ran", "runs", "left"]


class CodeLine(msgspec.Struct, frozen=True):
    """A line of a response's code."""

    number: int
    """From 1."""
    text: str
    state: LineState
    """`runs`: it belongs to the statement under way."""


class Code(msgspec.Struct, frozen=True):
    """A whole response, as far as it was received."""

    lines: tuple[CodeLine, ...]
    """The whole ones: a line that was still being written then is left out."""
    line: int
    """That of the await that made the checkpoint; 0: not in this response."""
    agent: str
    playbook: str
    turn: int
    """Which response of its call this is, from 1."""
    ended: bool
    """All of it was received."""
    text: str
    """As the model sent it, prose and fences included."""


class Prompt(msgspec.Struct, frozen=True):
    """What the model was sent."""

    messages: tuple[tuple[str, str], ...]
    """(role, content), in order."""
    hash: str
    """Of these messages."""
    recorded: str
    """The hash that was recorded when the model was asked."""
    call: int
    """Counts the session's calls, from 1."""
    model: str
    asked_at: str
    """Id of the checkpoint that holds the question."""
    agent: str
    playbook: str

    @property
    def exact(self) -> bool:
        """It is what was sent, to the letter."""
        return self.hash == self.recorded


def code_at(reader: Reader, checkpoint: str, agent: str = "", received: Received | None = None) -> Code | None:
    """The response that a checkpoint's statement stands in; None where there is none.

    Args:
        reader: Of the session.
        checkpoint: Its id.
        agent: Show another agent's response there, the innermost; empty: the one of the checkpoint.
        received: Asked for the rest of a response that was still being written there.

    Raises:
        UserError: It can't be read.
    """
    header = reader.header(checkpoint)
    moment = reader.moment(checkpoint)
    state = moment.state
    own = agent in ("", header.agent)
    frame = _frame(reader, checkpoint, state) if own else _innermost(state, agent)
    if not frame:
        return None
    text = state.response[frame]
    progress = state.progress_of(frame)
    ended = progress.ended
    more = received(frame, progress.turn) if received is not None and not ended else None
    if more is not None and more[0].startswith(text):
        text, ended = more
    response = Response(text, state.whole.get(frame, 0), ended)
    statements = response.statements
    under_way = statements[progress.offset] if progress.offset < len(statements) else None
    lines = response.code.split("\n")
    ran = statements[progress.offset - 1].end_line if progress.offset else 0
    first, last = (under_way.line, under_way.end_line) if under_way else (0, -1)
    if not ended and len(lines) > max(ran, last) and text.endswith(lines[-1]):
        lines.pop()  # half a statement reads like a mistake of the model's
    while lines and not lines[-1].strip():
        lines.pop()

    def line_state(number: int) -> LineState:
        if first <= number <= last:
            return "runs"
        return "ran" if number <= max(ran, first - 1) else "left"

    row = state.frame(frame)
    return Code(
        tuple(CodeLine(number, line, line_state(number)) for number, line in enumerate(lines, 1)),
        header.line if own and row.playbook == header.playbook else 0,
        row.agent,
        row.playbook,
        progress.turn + 1,
        ended,
        text,
    )


def prompt_at(reader: Reader, checkpoint: str, agent: str = "") -> Prompt | None:
    """What the model was sent for the response that a checkpoint's statement stands in; None where there is none.

    Of a response that was continued, the newest question.

    Args:
        reader: Of the session.
        checkpoint: Its id.
        agent: As for `code_at`.

    Raises:
        UserError: It can't be read.
    """
    header = reader.header(checkpoint)
    state = reader.moment(checkpoint).state
    frame = _frame(reader, checkpoint, state) if agent in ("", header.agent) else _innermost(state, agent)
    asked = state.asked_of(frame) if frame else None
    if asked is None:
        return None

    def in_window(merged: dict[str, Any]) -> bool:
        return frame in merged.get("asked", {})

    for found in reader.back(checkpoint, in_window):
        events = events_of(found)
        for place, event in enumerate(events):
            if isinstance(event, e.ModelAsked) and event.frame == frame and event.call == asked.call:
                return _prompt(reader, found.header.id, found.header.parent, events, place)
    raise UserError(f"call {asked.call} is not in the record any more: its checkpoint was pruned")


def _prompt(reader: Reader, id: str, parent: str, events: Sequence[Event], place: int) -> Prompt:
    state = reader.chain(parent).folded.state if parent else ProgramState()
    for event in events[:place]:
        advance(state, event)
    asked = events[place]
    assert isinstance(asked, e.ModelAsked)
    executed = ""
    if asked.continues:
        held = Response(state.response.get(asked.frame, ""), state.whole.get(asked.frame, 0))
        executed = held.code[: held.end_of(state.progress_of(asked.frame).offset)]
    messages = prompt_of(recorded_program(state), state, asked.frame, executed)
    row = state.frame(asked.frame)
    return Prompt(
        tuple((message["role"], message["content"]) for message in messages),
        prompt_hash(messages),
        asked.prompt_hash,
        asked.call,
        asked.model,
        id,
        row.agent,
        row.playbook,
    )


def _frame(reader: Reader, checkpoint: str, state: ProgramState) -> int:
    """The frame of the response in which a checkpoint's statement stands, or of the nearest caller that has one."""
    events = reader.events(checkpoint)
    frame = next((event.frame for event in reversed(events) if isinstance(event, e.EffectEnded)), 0)
    if frame in state.frames:
        for id in reversed(state.stack(frame)):
            if id in state.response:
                return id
    return _innermost(state, reader.header(checkpoint).agent)


def _innermost(state: ProgramState, agent: str) -> int:
    """The agent's newest frame with a response; 0: it has none."""
    own = (id for id, row in state.frames.items() if row[0] == agent and id in state.response)
    return max(own, default=0)
