"""A moment of one agent, as the inspector shows it: the stack, the variables and what changed, the code around.

Apart because it is decoded off the screen's thread: the widget gets lines of text and asks the values nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header
from playbooks.runtime.notices import AgentView
from playbooks.session import Moment
from playbooks_tui.record import HUMAN
from playbooks_tui.situation import step_name
from playbooks_tui.talk import Coming

_LONGEST: Final = 200
_ABSENT: Final = object()
_AROUND = 5
_HIDDEN: Final = frozenset({"function", "module", "type", "class"})


@dataclass(frozen=True, slots=True)
class Call:
    """A playbook call on the stack."""

    name: str
    arguments: str
    step: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, and how it differs from the checkpoint before."""

    name: str
    value: str
    change: Literal["", "~", "+", "-"] = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of the response that the innermost frame runs."""

    number: int
    text: str
    state: Literal["ran", "next", "left", "comment"]


@dataclass(frozen=True, slots=True)
class Inspected:
    """What there is to show of an agent at a checkpoint."""

    header: Header
    agent: str
    since: str
    """Id of the checkpoint that the variables are set against; empty: none."""
    stack: tuple[Call, ...] = ()
    variables: tuple[Variable, ...] = ()
    code: tuple[CodeLine, ...] = ()
    error: str = ""


def inspect(moment: Moment, agent: str, before: Moment | None) -> Inspected:
    """Reads an agent at a moment.

    Args:
        moment: The state there.
        agent: Whose.
        before: An earlier moment to set the variables against; None: they are shown without changes.
    """
    stack = tuple(
        Call(frame.playbook, _arguments(frame.arguments), step_name(frame.step)) for frame in moment.call_stack(agent)
    )
    now = moment.variables(agent)
    then = before.variables(agent) if before is not None else None
    since = before.header.id if before is not None else ""
    return Inspected(moment.header, agent, since, stack, _variables(now, then), _code(moment, agent))


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={show(value, 40)}" for name, value in arguments.items())


def _variables(now: Mapping[str, Any], then: Mapping[str, Any] | None) -> tuple[Variable, ...]:
    """Changed ones first, each group by name: what a step did is what the eye looks for."""
    shown = {name: show(value, _LONGEST) for name, value in now.items()}
    if then is None:
        return tuple(Variable(name, shown[name]) for name in sorted(shown, key=_by_name))
    old = {name: show(value, _LONGEST) for name, value in then.items()}
    found = []
    for name in sorted({*shown, *old}, key=_by_name):
        if name not in shown:
            found.append(Variable(name, "", "-", old[name]))
        elif name not in old:
            found.append(Variable(name, shown[name], "+"))
        elif shown[name] != old[name]:
            found.append(Variable(name, shown[name], "~", old[name]))
        else:
            found.append(Variable(name, shown[name]))
    return tuple(sorted(found, key=lambda variable: not variable.change))


def _by_name(name: str) -> str:
    return name.lstrip("$").lower()


def _code(moment: Moment, agent: str) -> tuple[CodeLine, ...]:
    """The lines around the one that runs next."""
    response = moment.response(agent)
    if response is None or not response.code.strip():
        return ()
    lines = response.code.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    following = next((n for n in range(response.ran, len(lines)) if _runs(lines[n])), len(lines))
    first = max(0, min(following - _AROUND, len(lines) - 2 * _AROUND))
    return tuple(
        CodeLine(n + 1, lines[n], _state(lines[n], n - following))
        for n in range(first, min(len(lines), first + 2 * _AROUND))
    )


def _runs(text: str) -> bool:
    return bool(text.strip()) and not text.lstrip().startswith("#")


def _state(text: str, offset: int) -> Literal["ran", "next", "left", "comment"]:
    if offset == 0:
        return "next"
    if text.lstrip().startswith("#"):
        return "comment"
    return "ran" if offset < 0 else "left"


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the screen needs of a moment: its agents, what was on its way, and one agent in depth."""

    row: int
    inspected: Inspected
    agents: Mapping[str, AgentView]
    coming: Mapping[str, tuple[Coming, ...]]


def seen(row: int, moment: Moment, agent: str, before: Moment | None) -> Seen:
    """Reads a moment for the screen.

    Args:
        row: Its row in the record.
        moment: The state there.
        agent: Whom the inspector shows.
        before: As for `inspect`.
    """
    coming: dict[str, list[Coming]] = {}
    for message in moment.messages:
        for receiver in message.receivers:
            if receiver != HUMAN and receiver not in message.delivered:
                coming.setdefault(receiver, []).append(Coming(message.sender, message.text))
    return Seen(
        row,
        inspect(moment, agent, before),
        dict(moment.agents),
        {receiver: tuple(messages) for receiver, messages in coming.items()},
    )
