"""What differs between two checkpoints, as lines: `-` is only in the first, `+` only in the second."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from playbooks.checkpoints.describe import show
from playbooks.console.drawing import Row, Word
from playbooks.console.moment import message_head
from playbooks.runtime.notices import MessageView
from playbooks.session.differences import CodeChange, Differences, MessageChange, VariableChange

LONGEST = 300
"""Characters of a value that are shown."""
STYLES = {"-": "red", "+": "green", "~": "yellow", "@": "dim"}


def difference_rows(found: Differences) -> Iterator[Row]:
    """The lines of a comparison."""
    yield [Word(f"- {found.a.id}", "red"), Word(f"  {found.a.branch}  {found.a.statement}", "dim")]
    yield [Word(f"+ {found.b.id}", "green"), Word(f"  {found.b.branch}  {found.b.statement}", "dim")]
    if found.ancestor is not None:
        yield [Word(f"  both come from {found.ancestor.id}  {found.ancestor.statement}", "dim")]
    elif found.a.session != found.b.session:
        yield [Word(f"  they are of two sessions, {found.a.session} and {found.b.session}", "dim")]
    else:
        yield [Word("  what they both come from is gone", "dim")]
    if found.none:
        yield []
        yield [Word("Nothing differs in variables, messages and code.")]
    if found.variables:
        yield []
        yield [Word("Variables", "bold")]
        for variable in found.variables:
            yield from _variable(variable)
    if found.messages:
        yield []
        yield [Word("Messages", "bold")]
        for message in found.messages:
            yield from _message(message)
    for change in found.code:
        yield []
        yield from _code(change)


def _marked(sign: str, text: str) -> Row:
    return [Word(f"{sign} {text}", STYLES.get(sign, ""))]


def _variable(change: VariableChange) -> Iterator[Row]:
    for sign, side in (("-", change.a), ("+", change.b)):
        if side is not None:
            yield _marked(sign, f"{change.agent}.{change.name} = {_shown(side)}")


def _shown(described: Mapping[str, Any]) -> str:
    if "value" in described:
        return show(described["value"], LONGEST)
    text = str(described["repr"])
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _message(change: MessageChange) -> Iterator[Row]:
    if change.only_delivery:
        assert change.a and change.b
        went = [f"{name}: {_taken(side)}" for name, side in (("first", change.a), ("second", change.b))]
        yield _marked("~", f"{message_head(change.a)}  {change.a.text}  ({'; '.join(went)})")
        return
    for sign, side in (("-", change.a), ("+", change.b)):
        if side is not None:
            yield _marked(sign, f"{message_head(side)}  {side.text}")


def _taken(message: MessageView) -> str:
    return f"heard by {', '.join(message.delivered)}" if message.delivered else "on its way"


def _code(change: CodeChange) -> Iterator[Row]:
    yield [Word(f"Response of {change.agent}" if change.agent else f"Program {change.file}", "bold")]
    one, other = ((side or "").splitlines() for side in (change.a, change.b))
    for line in list(difflib.unified_diff(one, other, lineterm="", n=2))[2:]:
        yield [Word(line, STYLES.get(line[:1], ""))]
