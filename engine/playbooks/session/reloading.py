"""A program's files read again while it runs: what differs from what is running, in the program's own terms.

Apart because nothing runs differently by it: a fork takes the new program, the run under way keeps the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

from playbooks.errors import UserError
from playbooks.language import compile_program, load_program
from playbooks.language.model import AgentClass, Playbook, Program


class ProgramChange(msgspec.Struct, frozen=True):
    """A part of a program that differs."""

    how: Literal["added", "changed", "gone"]
    agent: str
    """Name of the class."""
    playbook: str = ""
    """Empty: the agent itself, its description, settings or Python."""
    what: str = ""
    """Of a change: `steps`, `triggers`, `description`, `parameters`, `Python`, `settings`."""

    def __str__(self) -> str:
        name = f"{self.agent}.{self.playbook}" if self.playbook else self.agent
        return f"{name} {self.how}" + (f": {self.what}" if self.what else "")


class Reloaded(msgspec.Struct, frozen=True):
    """What the files hold now."""

    program: Program | None
    """To be given to a fork; None: it can't be read, and the last good one stays."""
    error: str
    """Why not, a line a mistake; else empty."""
    changes: tuple[ProgramChange, ...]
    """From the program that runs to the one read; none when only the layout differs."""
    same: bool = False
    """The text is what runs, to the letter."""


def reload(running: Program) -> Reloaded:
    """Reads the files of a program again.

    Args:
        running: What runs; its `roots` are read, and what they import.
    """
    if not running.roots:
        return Reloaded(None, "this program did not come from a file", ())
    try:
        program = load_program(list(running.roots))
    except UserError as error:
        return Reloaded(None, str(error), ())
    except OSError as error:
        return Reloaded(None, f"{error.filename or running.roots[0]}: {error.strerror or error}", ())
    if program.hash == running.hash:
        return Reloaded(program, "", (), same=True)
    return Reloaded(program, "", tuple(changes(running, program)))


def changes(before: Program, after: Program) -> Iterator[ProgramChange]:
    """What differs between two programs, agents in file order; comments and lines that moved are no difference."""
    old = {agent.name: agent for agent in before.agents}
    new = {agent.name: agent for agent in after.agents}
    for name in dict.fromkeys((*new, *old)):
        if name not in new:
            yield ProgramChange("gone", name)
        elif name not in old:
            yield ProgramChange("added", name)
        else:
            yield from _agent(old[name], new[name])


def _agent(before: AgentClass, after: AgentClass) -> Iterator[ProgramChange]:
    parts = [
        *(["description"] if before.description != after.description else []),
        *(["settings"] if _settings(before) != _settings(after) else []),
        *(["Python"] if [b.source for b in before.python] != [b.source for b in after.python] else []),
    ]
    if parts:
        yield ProgramChange("changed", after.name, "", ", ".join(parts))
    old = {playbook.name: playbook for playbook in before.playbooks}
    new = {playbook.name: playbook for playbook in after.playbooks}
    for name in dict.fromkeys((*new, *old)):
        if name not in new:
            yield ProgramChange("gone", after.name, name)
        elif name not in old:
            yield ProgramChange("added", after.name, name)
        elif what := ", ".join(_playbook(old[name], new[name])):
            yield ProgramChange("changed", after.name, name, what)


def _settings(agent: AgentClass) -> tuple[object, ...]:
    return agent.kind, agent.standby, dict(agent.metadata)


def _playbook(before: Playbook, after: Playbook) -> Iterator[str]:
    if (before.parameters, before.returns) != (after.parameters, after.returns):
        yield "parameters"
    if before.description != after.description:
        yield "description"
    if [trigger.text for trigger in before.triggers] != [trigger.text for trigger in after.triggers]:
        yield "triggers"
    if _steps(before) != _steps(after):
        yield "steps"
    if before.notes != after.notes:
        yield "notes"
    if (before.mode, dict(before.metadata)) != (after.mode, dict(after.metadata)):
        yield "settings"


def _steps(playbook: Playbook) -> str:
    """Its steps as they are numbered, without where they stand."""
    alone = replace(playbook, parameters=(), returns="", description="", triggers=(), notes="", metadata={})
    return compile_program(Program((AgentClass("x", playbooks=(alone,)),), ()))
