"""How breakpoints and watches are written, shown on the program that is open: its own steps, agents and variables.

Apart from the dialog because each example must be one that the engine takes, and that is told without a screen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from playbooks.language.model import AgentClass, Playbook, Program
from playbooks.runtime.source import parse, unmark
from playbooks_tui.spans import cells_of

_SEPARATOR: Final = " · "
_LEADS: Final = "each with, if wanted:"
_MENTIONED: Final = re.compile(r"\$([^\W\d]\w*)")


def forms(program: Program, width: int) -> list[str]:
    """The lines of examples.

    Args:
        program: What is open.
        width: Cells of a line; an example is never broken, and one that is too long is left out.
    """
    return [*_packed([*places(program), _LEADS], width), *_packed(modifiers(program), width)]


def places(program: Program) -> list[str]:
    """Where to stop, an example of each kind that the program has."""
    agents = [agent.name for agent in program.agents]
    playbooks = [playbook for agent in program.agents for playbook in agent.playbooks]
    written = [playbook for playbook in playbooks if playbook.steps]
    called = next((p for p in (*(p for p in written if not p.starts), *written, *playbooks)), None)
    tool = next((playbook.name for playbook in playbooks if playbook.mode == "python"), "")
    found = [_step(written), agents[0] if agents else ""]
    if called is not None:
        found += [f"playbook {called.name}", f"call {called.name}", f"tool {tool}" if tool else ""]
    found.append("say /word/")
    if agents:
        found += [f"from {agents[0]}", f"to {agents[1] if agents[1:] else 'you'}"]
    found += ["error", condition(program)]
    if called is not None and called.mode != "python":
        found.append(f"line {called.name}:3")
    return [*filter(None, found), "code /regex/"]


def modifiers(program: Program) -> list[str]:
    """What may follow a place."""
    variable = next(_variables(program), ("", None))[0]
    found = [f"of {program.agents[0].name}" if program.agents else "", f"if {condition(program)}", "hit 3", "off"]
    return [*filter(None, found), f"log TEXT {{${variable}}}" if variable else "log TEXT"]


def watch(program: Program) -> str:
    """An expression to watch: how far two numbers of an agent are apart; without two, what a condition would ask."""
    for agent in program.agents:
        numbers = [name for name, value in _made(agent) if _is_number(value)]
        if numbers[1:]:
            return f"${numbers[0]} - ${numbers[1]}"
    return condition(program)


def condition(program: Program) -> str:
    """An expression over a variable of the program; one that begins as a number before others."""
    known = list(_variables(program))
    for name, value in known:
        if isinstance(value, int | float) and _is_number(value):
            return f"${name} {'<' if value > 0 else '>'} {value}"
    for name, value in known:
        if isinstance(value, list | dict | tuple):
            return f"len(${name}) > {len(value)}"
    return f"${known[0][0]} != ''" if known else "$name > 3"


def _step(playbooks: Iterable[Playbook]) -> str:
    for playbook in playbooks:
        steps = list(playbook.walk())
        step = steps[1] if steps[1:] else steps[0]
        return f"{step.playbook}:{step.number}"
    return ""


def _variables(program: Program) -> Iterator[tuple[str, object]]:
    """Name → first value, of those that the program's Python makes; then names that its text mentions, without one."""
    met = set()
    for agent in program.agents:
        for name, value in _made(agent):
            met.add(name)
            yield name, value
    for file in program.files:
        for name in _MENTIONED.findall(file.text):
            if name not in met:
                met.add(name)
                yield name, None


def _made(agent: AgentClass) -> Iterator[tuple[str, object]]:
    for block in agent.python:
        for statement in parse(block.source).body:
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                continue
            try:
                value = ast.literal_eval(statement.value)
            except (ValueError, TypeError, MemoryError, RecursionError):
                continue
            yield unmark(statement.targets[0].id).lstrip("$"), value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _packed(examples: Iterable[str], width: int) -> list[str]:
    lines: list[str] = []
    for example in examples:
        if cells_of(example) > width:
            continue
        more = f"{lines[-1]}{_SEPARATOR}{example}" if lines else example
        if lines and cells_of(more) <= width:
            lines[-1] = more
        else:
            lines.append(example)
    return lines
