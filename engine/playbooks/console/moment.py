"""A checkpoint as lines: what it was, then every agent's calls and variables, what is on its way, the response."""

from __future__ import annotations

from collections.abc import Iterator

from playbooks.checkpoints.describe import show
from playbooks.console.drawing import STATUS_STYLES, Row, Word, clock_time
from playbooks.runtime.notices import AgentView, MessageView
from playbooks.runtime.response import Response
from playbooks.session.library import Look
from playbooks.session.moment import FrameView, Moment
from playbooks.session.variables import variables_of

LONGEST = 300
"""Characters of a value that are shown."""


def moment_rows(look: Look, now: float) -> Iterator[Row]:
    """The lines of a checkpoint.

    Args:
        look: What to show.
        now: Seconds since 1970, to leave out what day it is.
    """
    header, moment = look.header, look.moment
    yield [
        Word(header.id, "bold"),
        Word(f"  {header.kind}  {header.session} {header.branch}  after {header.parent or 'nothing'}  ", "dim"),
        Word(clock_time(header.time, now), "dim"),
        Word(f"  “{look.label}”" if look.label else "", "italic"),
    ]
    if header.statement:
        place = f"   {header.step or header.playbook}{f', line {header.line}' if header.line else ''}"
        yield [Word(header.statement, "bold"), Word(place, "dim")]
    if header.text and header.text not in header.statement:
        yield [Word(f"  {header.text}")]
    if header.again:
        yield [Word("  ◐ it may have run before: a process died in it", "yellow")]
    if header.degraded:
        yield [Word(f"  not kept: {', '.join(map(str, header.degraded))}", "yellow")]
    for attempt in look.may_have_run:
        yield [Word(f"  ◐ {attempt.call} of {attempt.agent} may have run: the process died in it", "yellow")]
    if look.foreign:
        more = f" and {len(look.foreign) - 1} that it builds on" if len(look.foreign) > 1 else ""
        yield [Word(f"  not written by this user's engine: {look.foreign[0]}{more}", "yellow")]
    for agent in moment.agents.values():
        if agent.id != "human":
            yield []
            yield from _agent(moment, agent)
    on_their_way = [message for message in moment.messages if not set(message.delivered) >= set(message.receivers)]
    if on_their_way:
        yield []
        yield [Word("On their way", "bold")]
        for message in on_their_way:
            yield [Word(f"  {message_head(message)}  "), Word(message.text)]
    if look.response is not None:
        yield []
        yield from _response(look)


def _agent(moment: Moment, agent: AgentView) -> Iterator[Row]:
    doing = f"waits for {agent.waits_for}" if agent.waits_for else agent.status
    yield [Word(f"{agent.class_name} {agent.id}", "bold"), Word(f"  {doing}", STATUS_STYLES.get(agent.status) or "dim")]
    if agent.error:
        yield [Word(f"  {agent.error}", "red")]
    for depth, frame in enumerate(moment.call_stack(agent.id)):
        yield [Word("  " * (depth + 1) + call(frame)), Word(f"   {_place(frame)}", "dim")]
    found = variables_of(moment, agent.id)
    width = min(max(map(len, found), default=0), 24)
    for name, value in found.items():
        yield [Word(f"  {name.ljust(width)}", "cyan"), Word(f" = {show(value, LONGEST)}")]


def call(frame: FrameView) -> str:
    """A call as one writes it: `Haggle(item='pen')`."""
    return f"{frame.playbook}({', '.join(f'{name}={show(value, 80)}' for name, value in frame.arguments.items())})"


def _place(frame: FrameView) -> str:
    return ", ".join(part for part in (frame.step, f"line {frame.line}" if frame.line else "") if part)


def message_head(message: MessageView) -> str:
    """`1000 → 1001`, with the meeting it is said in."""
    to = ", ".join(message.receivers)
    return f"{message.sender} → {f'meeting {message.meeting}' if message.meeting else to}"


def _response(look: Look) -> Iterator[Row]:
    """The code of the response, with the statement that made the checkpoint marked."""
    assert look.response is not None
    yield [Word(f"Response of {look.header.agent}", "bold")]
    code = Response(look.response, 0, True).code or look.response
    for number, text in enumerate(code.rstrip("\n").split("\n"), 1):
        here = number == look.header.line
        yield [
            Word(f"{'▸' if here else ' '} {number:>3}  ", "bold" if here else "dim"),
            Word(text, "bold" if here else ""),
        ]
