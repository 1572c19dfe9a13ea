"""What the person has filled in so far, as data: what each text means, the edits it makes, the command that does it.

Pure, so that the dialog only shows it, and tests ask it without a screen.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from playbooks.checkpoints.describe import show, type_name
from playbooks.literals import read_literal
from playbooks.session.changeable import Changeable
from playbooks.session.edits import NO_RESULT, Edits

Rest = Literal["recorded", "ask", "edit"]
Key = tuple[str, str]
"""Kind and name of a thing that can be changed."""

_LONGEST: Final = 10_000
_WORDS: Final = {
    "int": "number",
    "float": "number",
    "str": "text",
    "bool": "true or false",
    "NoneType": "nothing",
}
_OPENS: Final = "[{(\"'"


class Typed(msgspec.Struct, frozen=True):
    """What a text in the field means."""

    value: Any
    word: str
    """`number`, `text`, `list`."""
    problem: str = ""
    """Why it is no value; empty: it is one."""
    other: str = ""
    """Of which other type the value was before; empty: of the same."""


class Draft(msgspec.Struct, frozen=True):
    """A fork as it is filled in."""

    checkpoint: str
    before: bool = False
    texts: Mapping[Key, str] = msgspec.field(default_factory=dict)
    """What was typed, of things whose text is no longer as it was."""
    rest: Rest = "recorded"
    response: str = ""
    """Code for `rest` = `edit`."""
    program: str = ""
    """Path of the program as it is now, which is to run; empty: as recorded."""
    model: str = ""
    temperature: str = ""
    label: str = ""
    run: bool = True


def key_of(thing: Changeable) -> Key:
    """What a thing's text is kept under."""
    return thing.kind, thing.name


def text_of(thing: Changeable) -> str:
    """What the field holds at first: the value as one types it; empty when it can't be typed."""
    value = thing.value
    if type(value) is str:
        return value if value.isprintable() and value[:1] not in ("'", '"') else repr(value)
    text = show(value, _LONGEST)
    try:
        read_literal(text)
    except ValueError:
        return ""
    return text


def typed(thing: Changeable, text: str) -> Typed:
    """Reads a text for a thing: what was a text stays one, all else is a Python literal, or text when it is none."""
    was = thing.value
    if thing.kind == "message":
        return Typed(text, "text", "" if text.strip() else "a message says something")
    if type(was) is str:
        quoted = _quoted(text)
        return Typed(text if quoted is None else quoted, "text")
    try:
        value = read_literal(text)
    except ValueError as error:
        if text.strip()[:1] in tuple(_OPENS):
            return Typed(text, "text", f"no value: {error}")
        value = text
    word, before = _word(value), _word(was)
    return Typed(value, word, other=before if was is not None and before != word else "")


def _quoted(text: str) -> str | None:
    if text.strip()[:1] not in ("'", '"'):
        return None
    try:
        value = read_literal(text)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def _word(value: object) -> str:
    name = type_name(value)
    return _WORDS.get(name, name)


def edits_of(draft: Draft, things: Sequence[Changeable]) -> Edits:
    """The edits that a draft makes, of the things that are there."""
    result: Any = NO_RESULT
    values: dict[str, Any] = {}
    says: list[tuple[str, str]] = []
    for thing in things:
        text = draft.texts.get(key_of(thing))
        if text is None:
            continue
        value = typed(thing, text).value
        if thing.kind == "result":
            result = value
        elif thing.kind == "variable":
            values[thing.name] = value
        else:
            says.append((thing.name, text))
    return Edits(
        result,
        values,
        tuple(says),
        draft.response if draft.rest == "edit" else None,
        draft.rest == "ask",
    )


def problem_of(draft: Draft, things: Sequence[Changeable]) -> str:
    """What is wrong with what was typed; empty: nothing."""
    for thing in things:
        text = draft.texts.get(key_of(thing))
        if text is not None and (problem := typed(thing, text).problem):
            return problem
    if draft.temperature and temperature_of(draft) is None:
        return f"temperature {draft.temperature} is no number from 0 to 2"
    return ""


def temperature_of(draft: Draft) -> float | None:
    """The temperature typed; None: as recorded, or no temperature."""
    try:
        value = float(draft.temperature)
    except ValueError:
        return None
    return value if 0 <= value <= 2 else None


def command_of(draft: Draft, things: Sequence[Changeable], *, whole: bool = False) -> str:
    """The headless command that does the same.

    Args:
        draft: What is filled in.
        things: What could be changed.
        whole: With the code of an edited response behind it, as a shell takes it; else that is only hinted at.
    """
    edits = edits_of(draft, things)
    words = ["playbooks", "fork", draft.checkpoint]
    if draft.before:
        words.append("--before")
    if edits.result is not NO_RESULT:
        words += ["--result", _argument(edits.result)]
    for name, value in edits.set.items():
        words += ["--set", f"{name}={_argument(value)}"]
    for agent, text in edits.say:
        words += ["--say", f"{agent}: {text}"]
    if draft.rest == "ask":
        words.append("--regenerate")
    if draft.model:
        words += ["--model", draft.model]
    if draft.temperature:
        words += ["--temperature", draft.temperature]
    if draft.program:
        words += ["--program", draft.program]
    if draft.label:
        words += ["--label", draft.label]
    if draft.rest == "edit":
        words += ["--response", "-"]
    line = " ".join(_quoted_word(word) for word in words)
    if draft.rest != "edit":
        return line
    return f"{line} <<'END'\n{draft.response.rstrip()}\nEND\n" if whole else f"{line} <<…"


def _quoted_word(word: str) -> str:
    """A word as a shell takes it; one with an apostrophe stays legible where it can."""
    if "'" in word and not any(sign in word for sign in '"$`\\\\!\n'):
        return f'"{word}"'
    return shlex.quote(word)


def _argument(value: object) -> str:
    """A value as the command line takes it: text plain, unless it would be read as something else."""
    if not isinstance(value, str):
        return repr(value)
    try:
        read_literal(value)
    except ValueError:
        return value
    return repr(value)
