"""What a program writes for whom it means: `user`, `agent 1001`, a class name, `meeting 101, agent 1001`.

An unknown target is an error that says who there is: a message never goes to the wrong one.
"""

from __future__ import annotations

import re

import msgspec

from playbooks.language.model import Program
from playbooks.runtime.signals import UnknownTarget
from playbooks.state import ProgramState

_AGENT = re.compile(r"(?:agent[ _]+)?(\d+)", re.IGNORECASE)
_MEETING = re.compile(r"meeting[ _]+(\d+)", re.IGNORECASE)
HUMAN = "human"
_PERSON = ("user", "human", "the user", "agent user", "agent human")


class Target(msgspec.Struct, frozen=True):
    """Who is meant."""

    agents: tuple[str, ...]
    """Ids; `human` is the person."""
    meeting: str = ""
    """`101`; then `agents` are those of its attendees that are meant, empty for all."""


def resolve(text: object, state: ProgramState, program: Program, meeting: str = "") -> Target:
    """Who a target is.

    Args:
        text: As the program wrote it; an agent or meeting object works by its text.
        state: Who there is.
        program: Its classes, and the name of its human.
        meeting: The meeting the caller is in, which a bare `meeting` means.

    Raises:
        UnknownTarget: Nobody, or not one alone, goes by that name.
    """
    words = str(text).strip()
    first, comma, rest = words.partition(",")
    first = first.strip()
    found = _MEETING.fullmatch(first)
    if found or first.lower() == "meeting":
        id = found[1] if found else meeting
        if not id:
            raise UnknownTarget(f"this playbook is in no meeting{_meetings(state)}")
        if id not in state.meetings:
            raise UnknownTarget(f"there is no meeting {id}{_meetings(state)}")
        if not comma:
            return Target((), id)
        agents = tuple(agent for part in rest.split(",") for agent in _agents(part.strip(), state, program))
        attendees = state.meeting(id).attendees
        for agent in agents:
            if agent not in attendees:
                there = ", ".join(named(attendee, state) for attendee in attendees)
                raise UnknownTarget(f"{named(agent, state)} does not take part in meeting {id}; {there} do")
        return Target(agents, id)
    return Target(_agents(words, state, program))


def _agents(words: str, state: ProgramState, program: Program) -> tuple[str, ...]:
    if words.lower() in _PERSON:
        return (HUMAN,)
    if found := _AGENT.fullmatch(words):
        if found[1] in state.agents:
            return (found[1],)
        raise UnknownTarget(f"there is no agent {found[1]}; {_who(state)}")
    cls = program.agent(words)
    if cls is not None and cls.kind == "Human":
        return (HUMAN,)
    if words[:6].lower() == "agent ":
        words = words[6:].strip()
        cls = program.agent(words)
    of_class = [id for id, row in state.agents.items() if row[0] == words or (row[2] and row[2] == words)]
    if len(of_class) == 1:
        return (of_class[0],)
    if of_class:
        raise UnknownTarget(f"{words} is more than one: say which, agent {' or agent '.join(of_class)}")
    if cls is not None:
        raise UnknownTarget(f'there is no {words} yet: make one with await CreateAgent("{words}")')
    raise UnknownTarget(f'"{words}" is nobody here; {_who(state)}')


def _who(state: ProgramState) -> str:
    return f"there are user, {', '.join(named(id, state) for id in state.agents if id != HUMAN)}"


def named(agent: str, state: ProgramState) -> str:
    """An agent as a model is told of it: by its id, with its class."""
    return "user" if agent == HUMAN else f"agent {agent} ({state.agents[agent][0]})"


def _meetings(state: ProgramState) -> str:
    return f"; there are meeting {', meeting '.join(state.meetings)}" if state.meetings else "; none was opened"
