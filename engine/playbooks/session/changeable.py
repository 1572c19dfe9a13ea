"""What can be changed where a fork leaves, thing by thing: each with its value, or with why it can't be changed.

Apart from `edits`, which turns wishes into events: this one lists what there is to wish for, by asking `edits` about
each, so that the two can't disagree. Nothing runs, and nothing is kept of the questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from playbooks.checkpoints.codec import DamagedValue, decode
from playbooks.checkpoints.record import Checkpoint
from playbooks.errors import UserError
from playbooks.runtime.response import Response
from playbooks.runtime.source import parse
from playbooks.session.edits import Editing, Edits
from playbooks.session.moment import Moment
from playbooks.session.programs import recorded_program
from playbooks.session.variables import is_data
from playbooks.state import Event, ProgramState, from_builtins
from playbooks.state import events as e

_OUTCOME = re.compile(r"^(.*\)) = .*$", re.DOTALL)


class Changeable(msgspec.Struct, frozen=True):
    """One thing that a fork may change."""

    kind: Literal["result", "variable", "message"]
    name: str
    """As `Edits` takes it: `item`, `$price`, `1001.$purse`; of a message the id of who said it; empty of the result."""
    about: str
    """What people call it: `Counter(60)`, `$price`."""
    agent: str
    """Whose it is; of a message, who said it."""
    value: Any = None
    """What it is now, decoded to be looked at."""
    why_not: str = ""
    """Why a change of it can't take, and what to do instead; empty: it can."""


class UnderWay(msgspec.Struct, frozen=True):
    """The response that the checkpoint's agent is in the middle of."""

    kept: str
    """Code that stays: it has run, or is running."""
    rest: str
    """Code that would come next."""

    @property
    def line(self) -> int:
        """The line of the response that the rest begins with, from 1."""
        return self.kept.count("\n") + 2 if self.kept else 1


class Leaving(msgspec.Struct, frozen=True):
    """A place to fork from, with all that can be changed there."""

    moment: Moment
    things: tuple[Changeable, ...]
    """The checkpoint's own first: its result or message, then variables, then messages on their way."""
    code: UnderWay | None
    """None: no response is under way."""


def leaving(
    state: ProgramState, checkpoint: Checkpoint, later: Iterable[Event] = (), *, trusted: bool = True
) -> Leaving:
    """Lists what can be changed after a checkpoint.

    Args:
        state: Folded to it.
        checkpoint: Where the fork would leave, after it.
        later: What happened then, oldest first: the rest of a response that was still being received is in it.
        trusted: Whether this user's engine wrote all of it.
    """
    moment = Moment(checkpoint.header, state, trusted=trusted)
    editing = Editing(state, checkpoint, recorded_program(state), trusted=trusted)
    messages = list(_messages(moment, editing))
    own = [m for m in messages if m.agent == checkpoint.header.agent and checkpoint.header.kind == "say"]
    things = (*own, *_result(checkpoint, Editing(state, checkpoint, trusted=trusted)), *_variables(moment, editing))
    return Leaving(moment, (*things, *(m for m in messages if m not in own)), _under_way(state, checkpoint, later))


def _refusal(editing: Editing, edits: Edits) -> str:
    try:
        editing.events(edits)
    except UserError as error:
        return str(error)
    return ""


def _result(checkpoint: Checkpoint, editing: Editing) -> Iterator[Changeable]:
    header = checkpoint.header
    events = from_builtins(checkpoint.events)
    ended = next((event for event in reversed(events) if isinstance(event, e.EffectEnded)), None)
    if ended is None or header.kind in ("step", "create", "say"):
        return  # nothing a program looks at
    call = _OUTCOME.match(header.text)
    about = call[1] if call else header.statement.removeprefix("await ").rpartition("= await ")[2]
    value = None
    try:
        value = decode(ended.outcome, trusted=editing.trusted)
    except DamagedValue:
        pass
    try:
        editing.outcome()
        why_not = ""
    except UserError as error:
        why_not = str(error)
    yield Changeable("result", "", about, header.agent, value, why_not)


def _variables(moment: Moment, editing: Editing) -> Iterator[Changeable]:
    own = editing.agent
    for agent in (own, *(agent for agent in moment.agents if agent != own)):
        if agent == "human":
            continue
        for name, value in moment.variables(agent).items():
            if is_data(value):
                full = name if agent == own else f"{agent}.{name}"
                yield Changeable("variable", full, name, agent, value, _refusal(editing, Edits(set={full: 0})))


def _messages(moment: Moment, editing: Editing) -> Iterator[Changeable]:
    """The newest message on its way from each agent: it is the one that an edit reaches."""
    newest = {m.sender: m for m in moment.messages if any(r not in m.delivered and r != "human" for r in m.receivers)}
    for sender, message in newest.items():
        why_not = _refusal(editing, Edits(say=((sender, "x"),)))
        yield Changeable("message", sender, ", ".join(message.receivers), sender, message.text, why_not)


def _under_way(state: ProgramState, checkpoint: Checkpoint, later: Iterable[Event]) -> UnderWay | None:
    frame = Editing(state, checkpoint).responding()
    text = state.response.get(frame) if frame else None
    if text is None:
        return None
    progress = state.progress_of(frame)
    if not progress.ended:
        text += _received(frame, later)
    response = Response(text, state.whole.get(frame, 0), True)
    end = response.end_of(progress.offset + ((frame, progress.unit) in state.record))
    code = response.code
    return UnderWay(code[:end], code[end:].removeprefix("\n") if end else code)


def _received(frame: int, later: Iterable[Event]) -> str:
    """What was received of a frame's response after all."""
    text = ""
    for event in later:
        match event:
            case e.ResponseReceived(of, more, replace=False) if of == frame:
                text += more
            case e.ResponseReceived(of) | e.ResponseEnded(of) | e.TurnEnded(of) | e.ResponseCut(of) if of == frame:
                break
    return text


def mistake_in(code: str) -> tuple[int, str] | None:
    """The first mistake in code that is to take the place of a response's rest: its line from 1, and what is wrong."""
    try:
        parse(code)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    return None
