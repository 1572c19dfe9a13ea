"""The breakpoints of a session, and when a running program hits one.

Apart from what one is (`breakpoint`) and from what a hit does (`control`). With none set nothing here is called.

Those that stop before something begins are asked when an effect or a playbook is about to; all others when a
checkpoint is durable, with the state it stands for: looking back over the record gives the same hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header
from playbooks.runtime.breakpoint import BEGINS, Breakpoint, same_step, template_parts
from playbooks.runtime.expression import Expression, ExpressionError, parse_expression
from playbooks.runtime.seen import SeenNames
from playbooks.runtime.targets import HUMAN
from playbooks.state import ProgramState

_SHOWN = 200


class Beginning(msgspec.Struct, frozen=True):
    """What is about to begin: an effect, or a playbook of an agent's own accord."""

    agent: str
    label: str
    """The callee: `Say`, `Haggle`."""
    tool: bool = False
    """A Python playbook or what the engine does outside."""
    playbook: bool = False
    """The callee is a playbook, this one or a tool."""
    inside: str = ""
    """The playbook whose response calls it; empty for one begun of the agent's own accord."""
    statement: str = ""
    """Source of the await, on one line."""
    line: int = 0


class Hit(msgspec.Struct, frozen=True):
    """A breakpoint was come to."""

    id: int
    """Of the breakpoint."""
    breakpoint: Breakpoint
    agent: str
    place: str
    """What was come to: the statement, or the id of the checkpoint."""
    count: int
    """How often by now, this one included."""
    stops: bool
    """False: it only notes `text`."""
    text: str
    """What is noted, or `say /deal/ at 1000_ckpt_5`."""


class Breakpoints:
    """A session's breakpoints by number, with what has been counted of them. One thread only.

    Args:
        trusted: Whether this user's engine wrote the states that conditions are asked of.
    """

    def __init__(self, *, trusted: bool = True) -> None:
        self._trusted = trusted
        self._all: dict[int, Breakpoint] = {}
        self.counts: dict[int, int] = {}
        """How often each was hit in this process."""
        self.problems: dict[int, str] = {}
        """Why a condition or expression had no value when it was last asked; an unknown name is none."""
        self._next = 1
        self._conditions: dict[tuple[int, str], Expression] = {}
        self._truths: dict[tuple[int, str], tuple[tuple[Any, ...], bool]] = {}
        """(breakpoint, agent) → what was stored of the names it looks up, and what came of it."""
        self.begins = False
        """There is one that stops before something begins."""
        self.commits = False
        """There is one that stops after a checkpoint."""

    @property
    def all(self) -> Mapping[int, Breakpoint]:
        """By number, in the order they were set."""
        return self._all

    def put(self, breakpoint: Breakpoint, id: int | None = None) -> int:
        """Sets a breakpoint, under a number of its own or a given one.

        Returns:
            Its number.
        """
        if id is None:
            id = self._next
        self._next = max(self._next, id + 1)
        self.counts.setdefault(id, 0)
        self._all[id] = breakpoint
        self._changed(id)
        return id

    def remove(self, id: int) -> bool:
        """Takes a breakpoint away; whether there was one."""
        found = self._all.pop(id, None)
        self._changed(id)
        self.counts.pop(id, None)
        return found is not None

    def _changed(self, id: int) -> None:
        self.problems.pop(id, None)
        for read in [read for read in self._conditions if read[0] == id]:
            del self._conditions[read]
        for key in [key for key in self._truths if key[0] == id]:
            del self._truths[key]
        enabled = [breakpoint for breakpoint in self._all.values() if breakpoint.enabled]
        self.begins = any(breakpoint.kind in BEGINS for breakpoint in enabled)
        self.commits = any(breakpoint.kind not in BEGINS for breakpoint in enabled)

    # -- hits ----------------------------------------------------------------------------------------------------------

    def before(self, beginning: Beginning, state: ProgramState) -> list[Hit]:
        """Those hit by what is about to begin."""
        place = beginning.statement or f"{beginning.label} of {beginning.agent}"
        return [
            hit
            for id, breakpoint in self._enabled(begins=True)
            if meets(breakpoint, beginning) and of(breakpoint, beginning.agent, state)
            if (hit := self._hit(id, breakpoint, beginning.agent, place, state)) is not None
        ]

    def after(self, header: Header, state: ProgramState, said: Callable[[], Said | None]) -> list[Hit]:
        """Those hit by a checkpoint.

        Args:
            header: Of the checkpoint.
            state: At it.
            said: What was said, of a `say`.
        """
        found: list[Hit] = []
        for id, breakpoint in self._enabled(begins=False):
            if breakpoint.kind == "when":
                agents = self._became_true(id, breakpoint, header, state)
            elif reaches(breakpoint, header, state, said) and of(breakpoint, header.agent, state):
                agents = [header.agent]
            else:
                continue
            hits = (self._hit(id, breakpoint, agent, header.id, state) for agent in agents)
            found += [hit for hit in hits if hit is not None]
        return found

    def prime(self, state: ProgramState) -> None:
        """What holds already has not just become true."""
        for id, breakpoint in self._enabled(begins=False):
            if breakpoint.kind == "when":
                self._became_true(id, breakpoint, None, state)

    def _enabled(self, *, begins: bool) -> Iterator[tuple[int, Breakpoint]]:
        for id, breakpoint in list(self._all.items()):
            if breakpoint.enabled and (breakpoint.kind in BEGINS) is begins:
                yield id, breakpoint

    def _hit(self, id: int, breakpoint: Breakpoint, agent: str, place: str, state: ProgramState) -> Hit | None:
        names = SeenNames(state, agent, trusted=self._trusted)
        if breakpoint.condition and not self._holds(id, breakpoint.condition, names):
            return None
        count = self.counts[id] = self.counts.get(id, 0) + 1
        if count < breakpoint.hit:
            return None
        text = f"{breakpoint.where} at {place}"
        if breakpoint.log:
            text = filled(breakpoint.log, names)
        return Hit(id, breakpoint, agent, place, count, breakpoint.log is None, text)

    def _holds(self, id: int, text: str, names: SeenNames) -> bool:
        expression = self._read(id, text)
        try:
            return expression.truth(names)
        except ExpressionError as error:
            if all(names.stored_of(name) is not None for name in expression.names):
                self.problems[id] = str(error)
            return False

    def _read(self, id: int, text: str) -> Expression:
        found = self._conditions.get((id, text))
        if found is None:
            found = self._conditions[id, text] = parse_expression(text)
        return found

    def _became_true(self, id: int, breakpoint: Breakpoint, header: Header | None, state: ProgramState) -> list[str]:
        """The agents in which an expression has just become true."""
        found = []
        for agent in state.agents:
            if agent == HUMAN or not of(breakpoint, agent, state):
                continue
            names = SeenNames(state, agent, trusted=self._trusted)
            stored = tuple(names.stored_of(name) for name in self._read(id, breakpoint.what).names)
            known = self._truths.get((id, agent))
            if known is not None and known[0] == stored:
                continue
            true = self._holds(id, breakpoint.what, names)
            self._truths[id, agent] = stored, true
            if true and (known is None or not known[1]) and header is not None:
                found.append(agent)
        return found


class Said(msgspec.Struct, frozen=True):
    """A message as a breakpoint sees it."""

    sender: str
    receivers: tuple[str, ...]
    text: str


def meets(breakpoint: Breakpoint, beginning: Beginning) -> bool:
    """Whether what is about to begin is what a breakpoint names, its condition left aside."""
    what = breakpoint.what
    match breakpoint.kind:
        case "call":
            return beginning.label == what and bool(beginning.inside)
        case "tool":
            return beginning.label == what and beginning.tool
        case "playbook":
            return beginning.label == what and beginning.playbook
        case "code":
            return bool(beginning.statement) and breakpoint.pattern.search(beginning.statement) is not None
        case "line":
            return beginning.inside == what and beginning.line == breakpoint.line
    return False


def reaches(breakpoint: Breakpoint, header: Header, state: ProgramState, said: Callable[[], Said | None]) -> bool:
    """Whether a checkpoint is what a breakpoint names, its condition left aside."""
    match breakpoint.kind:
        case "step":
            return header.kind == "step" and same_step(header.step, breakpoint.what)
        case "agent":
            return header.kind != "start" and is_agent(breakpoint.what, header.agent, state)
        case "error":
            return header.kind == "error"
        case "say" | "from" | "to":
            if header.kind != "say" or (message := said()) is None:
                return False
            if breakpoint.kind == "say":
                return breakpoint.pattern.search(message.text) is not None
            if breakpoint.kind == "from":
                return is_agent(breakpoint.what, message.sender, state)
            return any(is_agent(breakpoint.what, receiver, state) for receiver in message.receivers)
    return False


def is_agent(what: str, agent: str, state: ProgramState) -> bool:
    """Whether an agent is the one named: by id, by class, the person by any of their names."""
    if what == agent:
        return True
    if agent == HUMAN:
        return what in ("user", "you", HUMAN)
    row = state.agents.get(agent)
    return row is not None and row[0] == what


def of(breakpoint: Breakpoint, agent: str, state: ProgramState) -> bool:
    """Whether an agent is one that a breakpoint is for."""
    return not breakpoint.agent or is_agent(breakpoint.agent, agent, state)


def filled(template: str, names: Mapping[str, Any]) -> str:
    """A log text with its expressions filled in; one that has no value says why."""
    parts = []
    for part in template_parts(template):
        if isinstance(part, str):
            parts.append(part)
            continue
        try:
            value = part.value(names)
            parts.append(value if isinstance(value, str) else show(value, _SHOWN))
        except ExpressionError as error:
            parts.append(f"<{error.what}>")
    return "".join(parts)
