"""`{expression}` in descriptions: told from text here, resolved by the runtime when the playbook is called.

Apart because both sides need it: the parser to refuse what is no Python before anything runs, the runtime to resolve
it.

- `{…}` holds a Python expression, in which `$x` is legal. `{{` and `}}` are braces of the text, and so is `{}`.
- Inside a code fence only `{$…}` is an expression: prompts are full of JSON.
"""

from __future__ import annotations

import re

import msgspec

from playbooks.language.dollar import field_end
from playbooks.language.signature import expression_error

_BRACE = re.compile(r"\{\{|\}\}|\{|^[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>.*)", re.M)


class TextPart(msgspec.Struct, frozen=True):
    """Text that stays as it is, `{{` already written `{`."""

    text: str


class ExpressionPart(msgspec.Struct, frozen=True):
    """Python to resolve when the playbook is called."""

    source: str
    """As written, `$x` included, without the braces."""
    line: int
    """In the description, from 0."""
    error: str = ""
    """Why Python does not read it; empty when it does."""


def split_description(description: str) -> tuple[TextPart | ExpressionPart, ...]:
    """Tell the expressions of a description from its text.

    Args:
        description: A playbook's description.

    Returns:
        The parts in order; adjoining texts are one part. An expression that is wrong has its `error` set; nothing is
        raised.
    """
    if "{" not in description and "}" not in description:
        return (TextPart(description),) if description else ()
    parts: list[TextPart | ExpressionPart] = []
    text: list[str] = []
    place = line = counted = 0
    fenced = ""
    while found := _BRACE.search(description, place):
        text.append(description[place : found.start()])
        place = found.end()
        token = found[0]
        if mark := found["fence"]:
            place = found.end("fence")  # the info may hold braces
            text.append(token[: place - found.start()])
            if not fenced:
                fenced = mark
            elif mark.startswith(fenced) and not found["info"].strip():
                fenced = ""
        elif fenced and not (token == "{" and description.startswith("$", place)):
            text.append(token)
        elif token != "{":
            text.append(token[0])
        elif description.startswith("}", place):
            text.append("{}")
            place += 1
        else:
            end = field_end(description, place)
            line, counted = line + description.count("\n", counted, place), place
            source = description[place:end] if end >= 0 else description[place:].split("\n", 1)[0]
            if joined := "".join(text):
                parts.append(TextPart(joined))
            text = []
            error = expression_error(source) if end >= 0 else "it is never closed"
            parts.append(ExpressionPart(source.strip(), line, error))
            place = end + 1 if end >= 0 else place + len(source)
            if end < 0:
                break
    text.append(description[place:])
    if joined := "".join(text):
        parts.append(TextPart(joined))
    return tuple(parts)
