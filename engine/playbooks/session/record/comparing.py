"""Two checkpoints side by side, from where their ways part: what was said and done, variables, code, prompts, cost.

Apart from `differences`, which tells how two moments differ, because this also tells how they came to.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import msgspec

from playbooks.checkpoints.record import Header
from playbooks.runtime.journal import TEXT_LIMIT
from playbooks.session.chains import CantBeRead
from playbooks.session.differences import (
    LONGEST,
    CodeChange,
    MessageChange,
    VariableChange,
    common_ancestor,
    differences,
)
from playbooks.session.moment import Moment
from playbooks.session.record.reader import Reader
from playbooks.session.record.responses import code_at, prompt_at
from playbooks.session.record.spending import Spent, spent_between
from playbooks.session.variables import described, framed
from playbooks.state import events as e

_QUIET: Final = frozenset({"step", "fork", "start", "interrupt"})
_ALIGNED: Final = 3_000
"""Rows a side that are lined up; beyond, one stands beside the other as it comes."""


class Pair(msgspec.Struct, frozen=True):
    """A row: what was said or done on each side, None where the other has nothing to set against it."""

    left: Header | None
    right: Header | None
    apart: bool = False
    """They differ in what their headers, which hold the beginning of a long text, have no room for."""

    @property
    def same(self) -> bool:
        """Both did and said the same."""
        if self.left is None or self.right is None or self.apart:
            return False
        return _deed(self.left) == _deed(self.right)


class VariableAcross(msgspec.Struct, frozen=True):
    """A variable that differs between the sides. None where there is no such variable."""

    agent: str
    name: str
    """As `Moment.variables` names it: the agent's own with `$`."""
    fork: dict[str, Any] | None
    """At the place where they part, as `describe` gives it: type, and value or repr."""
    left: dict[str, Any] | None
    right: dict[str, Any] | None


class PromptChange(msgspec.Struct, frozen=True):
    """The prompts behind the two checkpoints, where they differ."""

    lines: tuple[str, ...]
    """With ` `, `-` or `+` before each, and two of context around what differs."""
    left: str
    """Hash."""
    right: str
    agent: str = ""
    """Whose; empty: not one and the same."""
    same: int = 0
    """Lines that both have, those that are not among `lines` too."""


class Comparison(msgspec.Struct, frozen=True):
    """Left and right since they parted."""

    left: Header
    right: Header
    fork: Header | None
    """The newest checkpoint that both come from."""
    pairs: tuple[Pair, ...]
    """Without steps and forks."""
    variables: tuple[VariableAcross, ...]
    messages: tuple[MessageChange, ...]
    """By number; those of one side only, or with another text or receiver."""
    code: tuple[CodeChange, ...]
    """Responses under way, and files of the program."""
    prompt: PromptChange | None
    spent_left: Spent
    """Since the fork."""
    spent_right: Spent
    same: tuple[tuple[str, str], ...] = ()
    """Variables that are alike on both sides: agent and name, as `VariableAcross` names them."""


def compare(reader: Reader, left: str, right: str) -> Comparison:
    """Sets two checkpoints side by side; a branch is its newest checkpoint.

    Args:
        reader: Of the session.
        left: Id of a checkpoint, or name of a branch.
        right: The same.

    Raises:
        UserError: There is none of that id or name, or it can't be read.
    """
    heads = reader.heads()
    one, other = (heads[id] if id in heads else reader.header(id) for id in (left, right))
    fork = common_ancestor(list(reader.headers), one.id, other.id)
    a, b = reader.moment(one.id), reader.moment(other.id)
    responses = tuple(code.text if (code := code_at(reader, id)) else None for id in (one.id, other.id))
    found = differences(a, b, (responses[0], responses[1]), fork)
    at_fork = reader.moment(fork.id) if fork else None
    since = fork.id if fork else ""
    return Comparison(
        one,
        other,
        fork,
        tuple(
            _to_the_end(reader, pair, a, b) for pair in pairs(_since(reader, one, fork), _since(reader, other, fork))
        ),
        tuple(variables_across(found.variables, a, b, at_fork)),
        tuple(change for change in found.messages if not change.only_delivery),
        found.code,
        _prompts(reader, one.id, other.id),
        spent_between(reader, since, one.id),
        spent_between(reader, since, other.id),
        tuple((agent, _named(name, framed(a, agent) | framed(b, agent))) for agent, name in found.same),
    )


def variables_across(
    changes: Sequence[VariableChange], a: Moment, b: Moment, fork: Moment | None
) -> Iterator[VariableAcross]:
    """The same, with what each was where the ways part."""
    hidden = {agent: framed(a, agent) | framed(b, agent) for agent in {change.agent for change in changes}}
    before = {agent: fork.variables(agent) for agent in hidden} if fork else {}
    for change in changes:
        name = _named(change.name, hidden[change.agent])
        had = described({name: before[change.agent][name]}, LONGEST) if name in before.get(change.agent, {}) else {}
        left, right = (dict(side) if side is not None else None for side in (change.a, change.b))
        yield VariableAcross(change.agent, name, had.get(name), left, right)


def _named(name: str, hidden: Collection[str]) -> str:
    return name if name.startswith("$") or name in hidden else f"${name}"


def _since(reader: Reader, header: Header, fork: Header | None) -> list[Header]:
    path = reader.path(header.id)
    start = next((place for place, known in enumerate(path) if fork and known.id == fork.id), -1)
    return [known for known in path[start + 1 :] if known.kind not in _QUIET]


def pairs(left: Sequence[Header], right: Sequence[Header]) -> Iterator[Pair]:
    """Lines two ways up: the same deeds beside each other, else deeds of one agent and kind."""
    if len(left) > _ALIGNED or len(right) > _ALIGNED:
        yield from _zipped(left, right)
        return
    matcher = difflib.SequenceMatcher(None, [_deed(h) for h in left], [_deed(h) for h in right], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield from (Pair(one, other) for one, other in zip(left[a:b], right[c:d], strict=True))
        else:
            yield from _replaced(left[a:b], right[c:d])


def _to_the_end(reader: Reader, pair: Pair, a: Moment, b: Moment) -> Pair:
    """A pair whose texts are alike as far as they go, told apart by what was really said, heard or came out."""
    left, right = pair.left, pair.right
    if left is None or right is None or len(left.text) < TEXT_LIMIT or not pair.same:
        return pair
    one, other = _whole(reader, left, a), _whole(reader, right, b)
    return Pair(left, right, apart=None not in (one, other) and one != other)


def _whole(reader: Reader, header: Header, moment: Moment) -> tuple[str | bytes, ...] | None:
    """What a row is about in full: texts of messages, or a value as it is stored; None: it can't be read."""
    try:
        happened = reader.events(header.id)
    except CantBeRead:
        return None
    if header.kind == "say":
        return tuple(event.text for event in happened if isinstance(event, e.MessageSent))
    if header.kind == "heard":
        taken = [id for event in happened if isinstance(event, e.MessagesTaken) for id in event.ids]
        return tuple(moment.state.message(id).text for id in taken if id in moment.state.messages)
    kind = e.FrameReturned if header.kind == "return" else e.EffectEnded
    values = [event for event in happened if isinstance(event, kind)]
    return tuple(value.value if isinstance(value, e.FrameReturned) else value.outcome for value in values[-1:])


def _replaced(left: Sequence[Header], right: Sequence[Header]) -> Iterator[Pair]:
    matcher = difflib.SequenceMatcher(None, [_sort(h) for h in left], [_sort(h) for h in right], autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        yield from _zipped(left[a:b], right[c:d])


def _zipped(left: Sequence[Header], right: Sequence[Header]) -> Iterator[Pair]:
    for place in range(max(len(left), len(right))):
        one = left[place] if place < len(left) else None
        other = right[place] if place < len(right) else None
        if one is not None and other is not None and _sort(one) != _sort(other):
            yield Pair(one, None)
            yield Pair(None, other)
        else:
            yield Pair(one, other)


def _deed(header: Header) -> tuple[str, str, str, str, str]:
    return header.agent, header.kind, header.peer, header.text, header.statement


def _sort(header: Header) -> tuple[str, str, str]:
    return header.agent, header.kind, header.peer


def _prompts(reader: Reader, left: str, right: str) -> PromptChange | None:
    one, other = prompt_at(reader, left), prompt_at(reader, right)
    if (one.hash if one else "") == (other.hash if other else ""):
        return None
    texts = [
        [line for role, content in prompt.messages for line in (f"[{role}]", *content.split("\n"))] if prompt else []
        for prompt in (one, other)
    ]
    changed = difflib.unified_diff(texts[0], texts[1], lineterm="", n=2)
    lines = tuple(line for line in changed if line[:3] not in ("---", "+++") and line[:2] != "@@")
    whose = {prompt.agent for prompt in (one, other) if prompt}
    same = len(texts[0]) - sum(line[:1] == "-" for line in lines)
    return PromptChange(
        lines, one.hash if one else "", other.hash if other else "", whose.pop() if len(whose) == 1 else "", same
    )
