"""What differs between two moments: variables, messages, code; and where their ways parted.

Apart because `playbooks diff`, the screen's comparison and its change list ask the same. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from playbooks.checkpoints import describe
from playbooks.checkpoints.record import Header
from playbooks.runtime.notices import MessageView
from playbooks.session.moment import Moment
from playbooks.session.variables import framed, shown_variables

LONGEST = 100_000
"""Characters of a value that are compared: values that first differ after these count as equal."""


class VariableChange(msgspec.Struct, frozen=True):
    """A variable that differs. A side is None where there is no such variable."""

    agent: str
    name: str
    a: Mapping[str, Any] | None
    """As `describe` gives it: type, and value or repr."""
    b: Mapping[str, Any] | None


class MessageChange(msgspec.Struct, frozen=True):
    """A message that one side has and the other has not, or has otherwise, or has not delivered yet."""

    id: int
    a: MessageView | None
    b: MessageView | None

    @property
    def only_delivery(self) -> bool:
        """Both sides have it, and only who has taken it differs."""
        return self.a is not None and self.b is not None and _said(self.a) == _said(self.b)


class CodeChange(msgspec.Struct, frozen=True):
    """Code that differs: an agent's response under way, or a file of the program."""

    agent: str
    """Empty for a file of the program."""
    file: str
    """Empty for a response."""
    a: str | None
    b: str | None


class Differences(msgspec.Struct, frozen=True):
    """All that differs between `a` and `b`."""

    a: Header
    b: Header
    ancestor: Header | None
    """The newest checkpoint that both come from; None of two sessions."""
    variables: tuple[VariableChange, ...]
    messages: tuple[MessageChange, ...]
    code: tuple[CodeChange, ...]
    same: tuple[tuple[str, str], ...] = ()
    """Variables that are alike in both: agent and name."""

    @property
    def none(self) -> bool:
        return not (self.variables or self.messages or self.code)


def differences(a: Moment, b: Moment, responses: tuple[str | None, str | None], ancestor: Header | None) -> Differences:
    """What differs between two moments.

    Args:
        a: One.
        b: The other.
        responses: Those in which the statements of the two checkpoints stand.
        ancestor: The newest checkpoint that both come from.
    """
    changed, same = _variables(a, b)
    return Differences(
        a.header, b.header, ancestor, changed, tuple(_messages(a, b)), tuple(_code(a, b, responses)), same
    )


def common_ancestor(headers: Sequence[Header], a: str, b: str) -> Header | None:
    """The newest checkpoint that is on both ways to the session's start, each counted as on its own way.

    None when a way is broken by a checkpoint that is gone or damaged.
    """
    known = {header.id: header for header in headers}
    one, other = known.get(a), known.get(b)
    while one is not None and other is not None and one.id != other.id:
        if one.depth >= other.depth:
            one = known.get(one.parent)
        else:
            other = known.get(other.parent)
    return one if other is not None else None


def _agents(a: Moment, b: Moment) -> Iterator[str]:
    for agent in dict.fromkeys((*a.agents, *b.agents)):
        if agent != "human":
            yield agent


def _variables(a: Moment, b: Moment) -> tuple[tuple[VariableChange, ...], tuple[tuple[str, str], ...]]:
    """What differs, and what is alike; a name means the same variable on both sides."""
    changed: list[VariableChange] = []
    same: list[tuple[str, str]] = []
    for agent in _agents(a, b):
        hidden = framed(a, agent) | framed(b, agent)
        one, other = shown_variables(a, agent, LONGEST, hidden), shown_variables(b, agent, LONGEST, hidden)
        for name in dict.fromkeys((*one, *other)):
            if one.get(name) != other.get(name) or _types(one.get(name)) != _types(other.get(name)):
                changed.append(VariableChange(agent, name, one.get(name), other.get(name)))
            else:
                same.append((agent, name))
    return tuple(changed), tuple(same)


def _types(described: Mapping[str, Any] | None) -> str:
    """Tells 1 from True from 1.0 within a value too, which `==` does not."""
    return "" if described is None else describe.show(described.get("value"), LONGEST)


def _said(message: MessageView) -> tuple[str, tuple[str, ...], str, str]:
    return message.sender, message.receivers, message.text, message.meeting


def _messages(a: Moment, b: Moment) -> Iterator[MessageChange]:
    one, other = ({message.id: message for message in moment.messages} for moment in (a, b))
    for id in sorted(one.keys() | other.keys()):
        if one.get(id) != other.get(id):
            yield MessageChange(id, one.get(id), other.get(id))


def _code(a: Moment, b: Moment, responses: tuple[str | None, str | None]) -> Iterator[CodeChange]:
    for agent in _agents(a, b):
        one = responses[0] if agent == a.header.agent else _response(a, agent)
        other = responses[1] if agent == b.header.agent else _response(b, agent)
        if one != other:
            yield CodeChange(agent, "", one, other)
    files = [dict(moment.state.session.get("files", ())) for moment in (a, b)]
    for file in dict.fromkeys((*files[0], *files[1])):
        if files[0].get(file) != files[1].get(file):
            yield CodeChange("", file, files[0].get(file), files[1].get(file))


def _response(moment: Moment, agent: str) -> str | None:
    response = moment.response(agent)
    return response.text if response else None
