"""Lists under `### Steps` and `### Triggers`: items, told apart by indentation or by their compiled numbers.

Apart from the sections because nesting has two sources: where a person indents, and where a compiled program numbers.
A list is either written by a person or compiled; one that mixes both has no order to trust.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

import msgspec

from playbooks.language.keyvalues import shorten
from playbooks.language.lines import Line
from playbooks.language.model import Step, StepCode, Trigger, TriggerKind
from playbooks.language.numbering import number, step_code, trigger_kind
from playbooks.language.problems import Problems

DEEPEST_STEP = 20

_ITEM = re.compile(r"([ \t]*)((?:[-*+]|\d{1,9}[.)])(?:[ \t]+|\Z))(.*)", re.S)
_STEP = re.compile(r"(\d+(?:\.\d+)*):([A-Z]{3})(?:[ \t]+(.*))?", re.S)
_TRIGGER = re.compile(r"(T\d+):([A-Z]{3})(?:[ \t]+(.*))?", re.S)
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,})[ \t]*")
_STEP_CODES = frozenset(get_args(StepCode))
_TRIGGER_KINDS = frozenset(get_args(TriggerKind))


class _Item(msgspec.Struct):
    """One item while its lines are gathered."""

    indent: int
    offset: int
    """The column of its text: what lines that belong to it are indented by."""
    texts: list[str]
    line: Line
    number: str = ""
    code: str = ""
    children: list[_Item] = msgspec.field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.texts).rstrip()


def read_steps(lines: Sequence[Line], playbook: str, problems: Problems) -> tuple[Step, ...]:
    """Read the list under `### Steps`.

    Args:
        lines: The section's lines.
        playbook: Whose labels the steps bear.
        problems: Where mistakes go.

    Returns:
        The steps, each with those nested under it; numbered by place, or as they are when they bear numbers.
    """
    items = _items(lines, _STEP, "steps", problems)
    compiled = _all_compiled(items, "step", problems)
    top = _by_number(items, problems) if compiled else _by_indent(items, problems)
    return _steps(top, playbook, "", problems)


def read_triggers(lines: Sequence[Line], playbook: str, problems: Problems) -> tuple[Trigger, ...]:
    """Read the list under `### Triggers`, likewise; triggers do not nest."""
    items = _items(lines, _TRIGGER, "triggers", problems)
    _all_compiled(items, "trigger", problems)
    for item in items:
        if item.indent > items[0].indent:
            _tell(problems, item.line, "a trigger cannot be nested under another", "indent it like the first")
    return number_triggers([(item.text, item.number, item.code, item.line) for item in items], playbook, problems)


def read_trigger_text(text: str) -> tuple[str, str, str]:
    """Number, kind and text of a compiled trigger, `T1:CND When …`; both empty when a person wrote it."""
    found = _TRIGGER.fullmatch(text.strip())
    return (found[1], found[2], found[3] or "") if found else ("", "", text.strip())


def number_triggers(
    found: Sequence[tuple[str, str, str, Line]], playbook: str, problems: Problems
) -> tuple[Trigger, ...]:
    """Give triggers their numbers and kinds.

    Args:
        found: Text, number, kind and place of each; number and kind empty when a person wrote it.
        playbook: Whose labels they bear.
        problems: Where mistakes go.

    Returns:
        The triggers in order.
    """
    triggers: dict[str, Trigger] = {}
    for place, (text, own, kind, line) in enumerate(found, 1):
        name = own or f"T{place}"
        if not text:
            _tell(problems, line, "this trigger is empty", "say when the playbook starts, or remove the line")
        elif kind and kind not in _TRIGGER_KINDS:
            _tell(problems, line, f"{kind} is no kind of trigger", f"write {_either(_TRIGGER_KINDS)}")
        elif name in triggers:
            _tell(problems, line, f"the trigger {name} is given twice", "number them T1, T2, …")
        else:
            chosen = next((known for known in get_args(TriggerKind) if known == kind), None) or trigger_kind(text)
            triggers[name] = Trigger(playbook, name, chosen, text, line.number)
    return tuple(triggers.values())


def _items(lines: Sequence[Line], compiled: re.Pattern[str], what: str, problems: Problems) -> list[_Item]:
    """The items with the lines that belong to them."""
    items: list[_Item] = []
    astray = False
    for line in lines:
        text = line.text.rstrip()
        if line.kind == "text":
            if not text:
                if items:
                    items[-1].texts.append("")
                continue
            if item := _item(line, text, compiled):
                items.append(item)
                continue
            if _RULE.fullmatch(text):
                continue
            if not items or _columns(text) <= items[-1].indent:
                _tell(problems, line, f"text outside the list of {what}: {shorten(text)}", "begin it with `- `")
                continue
        elif not items:
            if not astray:
                _tell(problems, line, f"code before the first of the {what}", "move it above, or under an item")
            astray = True
            continue
        items[-1].texts.append(_dedent(text, items[-1].offset))
    return items


def _item(line: Line, text: str, compiled: re.Pattern[str]) -> _Item | None:
    bullet = _ITEM.fullmatch(text)
    said = bullet[3] if bullet else text.lstrip()
    numbered = compiled.fullmatch(said)
    if not bullet and not numbered:
        return None
    indent = _columns(text)
    offset = indent + len(bullet[2].expandtabs(4)) if bullet and said else indent + 2
    if numbered:
        return _Item(indent, offset, [(numbered[3] or "").strip()], line, numbered[1], numbered[2])
    return _Item(indent, offset, [said.strip()], line)


def _all_compiled(items: Sequence[_Item], what: str, problems: Problems) -> bool:
    """Whether the list is a compiled one; a mixed list is told."""
    numbered = [item for item in items if item.number]
    if numbered and len(numbered) < len(items):
        odd = next(item for item in items if bool(item.number) != bool(items[0].number))
        _tell(problems, odd.line, f"some {what}s are numbered and some are not", "number all of them or none")
    return bool(numbered)


def _by_indent(items: Sequence[_Item], problems: Problems) -> list[_Item]:
    """Nest what is indented further than the item above; what stands between two levels belongs to the inner one."""
    top: list[_Item] = []
    above: list[_Item] = []
    for item in items:
        while above and item.indent <= above[-1].indent:
            above.pop()
        if len(above) >= DEEPEST_STEP:
            _tell(problems, item.line, f"steps are nested deeper than {DEEPEST_STEP}", "move some into a playbook")
            continue
        (above[-1].children if above else top).append(item)
        above.append(item)
    return top


def _by_number(items: Sequence[_Item], problems: Problems) -> list[_Item]:
    """Nest `02.01` under `02`, however they are indented."""
    top: list[_Item] = []
    known: dict[str, _Item] = {}
    for item in items:
        if not item.number:
            continue
        parent = item.number.rpartition(".")[0]
        if item.number in known:
            _tell(problems, item.line, f"step {item.number} is given twice", "number each step once")
        elif parent and parent not in known:
            _tell(problems, item.line, f"step {item.number} stands before step {parent}", "write the outer step first")
        elif item.number.count(".") >= DEEPEST_STEP:
            _tell(problems, item.line, f"steps are nested deeper than {DEEPEST_STEP}", "move some into a playbook")
        else:
            known[item.number] = item
            (known[parent].children if parent else top).append(item)
    return top


def _steps(items: Sequence[_Item], playbook: str, parent: str, problems: Problems) -> tuple[Step, ...]:
    steps: list[Step] = []
    for place, item in enumerate(items, 1):
        own = item.number or number(place, parent)
        code = next((known for known in get_args(StepCode) if known == item.code), None)
        if item.code and not code:
            _tell(problems, item.line, f"{item.code} is no code of a step", f"write {_either(_STEP_CODES)}")
        elif not item.text and not item.code:
            _tell(problems, item.line, "this step is empty", "say what to do, or remove the line")
        steps.append(
            Step(
                playbook,
                own,
                code or step_code(item.text),
                item.text,
                _steps(item.children, playbook, own, problems),
                item.line.file,
                item.line.number,
            )
        )
    return tuple(steps)


def _columns(text: str) -> int:
    """How far a line is indented, a tab reaching to the next multiple of four."""
    return len(text[: len(text) - len(text.lstrip(" \t"))].expandtabs(4))


def _dedent(text: str, columns: int) -> str:
    body = text.lstrip(" \t")
    return " " * max(0, _columns(text) - columns) + body if body else ""


def _either(codes: frozenset[str]) -> str:
    *first, last = sorted(codes)
    return f"{', '.join(first)} or {last}"


def _tell(problems: Problems, line: Line, what: str, fix: str) -> None:
    problems.add(what, fix, file=line.file, line=line.number)
