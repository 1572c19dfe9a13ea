"""A program as plain, immutable data: what every other room reads and none changes.

Apart from the parser so that the runtime and the screen depend on the shape of a program, not on how its text is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

AgentKind = Literal["AI", "Human", "MCP"]
ExecutionMode = Literal["playbook", "react", "raw", "python"]
TriggerKind = Literal["BGN", "CND", "EVT"]
StepCode = Literal["EXE", "TNK", "QUE", "CND", "CHK", "RET", "JMP", "YLD"]


class SourceFile(msgspec.Struct, frozen=True):
    """One text a program was read from."""

    path: str
    text: str


class Parameter(msgspec.Struct, frozen=True):
    """A playbook's parameter, `$days:int = 3`."""

    name: str
    """Without the dollar."""
    annotation: str = ""
    default: str | None = None
    """Python source of the default; None when the argument is required."""


class Step(msgspec.Struct, frozen=True):
    """One numbered step. Its label is `Main:02.01:CND`."""

    playbook: str
    number: str
    """`01`, nested `02.01`."""
    code: StepCode
    text: str
    children: tuple[Step, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def label(self) -> str:
        return f"{self.playbook}:{self.number}:{self.code}"

    def walk(self) -> Iterator[Step]:
        """This step and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


class Trigger(msgspec.Struct, frozen=True):
    """What starts a playbook by itself: `BGN` at the start of the program, `CND` a condition, `EVT` an event."""

    playbook: str
    number: str
    """`T1`, `T2`, …"""
    kind: TriggerKind
    text: str
    line: int = 0

    @property
    def label(self) -> str:
        return f"{self.playbook}:{self.number}:{self.kind}"


class Playbook(msgspec.Struct, frozen=True):
    """A `##` section, or a function marked `@playbook` in a Python block."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    description: str = ""
    """May hold `{expression}` parts, resolved when the playbook is called."""
    mode: ExecutionMode = "playbook"
    triggers: tuple[Trigger, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: str = ""
    public: bool = False
    hidden: bool = False
    meeting: bool = False
    required_attendees: tuple[str, ...] = ()
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Every `key: value` line as written, those above included."""
    is_async: bool = True
    """Of a Python playbook."""
    file: str = ""
    line: int = 0

    @property
    def starts(self) -> bool:
        """Whether it begins by itself when its agent does: by a trigger, or as the entry of the command line."""
        return self.metadata.get("cli_entry") == "true" or any(trigger.kind == "BGN" for trigger in self.triggers)

    def walk(self) -> Iterator[Step]:
        """All steps, nested ones too, in reading order."""
        for step in self.steps:
            yield from step.walk()


class PythonBlock(msgspec.Struct, frozen=True):
    """A ```` ```python ```` block of an agent, its source as written (`$x` included)."""

    source: str
    file: str
    line: int
    """Where its first line of code stands."""
    runs: tuple[tuple[int, str, int], ...] = ()
    """Of a block with an import in it: from which line of the source on, which file and which of its lines."""

    def place(self, line: int) -> tuple[str, int]:
        """The file and the line in it where a line of the source stands, all counted from 1."""
        start, file, first = next((run for run in reversed(self.runs) if run[0] <= line), (1, self.file, self.line))
        return file, first + line - start


class AgentClass(msgspec.Struct, frozen=True):
    """A `#` section."""

    name: str
    kind: AgentKind = "AI"
    description: str = ""
    standby: bool = False
    """`startup_mode: standby`: made by `CreateAgent`, not at the start."""
    playbooks: tuple[Playbook, ...] = ()
    python: tuple[PythonBlock, ...] = ()
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)
    file: str = ""
    line: int = 0

    def playbook(self, name: str) -> Playbook | None:
        """The playbook of that name; None when the agent has none."""
        return next((playbook for playbook in self.playbooks if playbook.name == name), None)


class Program(msgspec.Struct, frozen=True):
    """All of a program: agents in file order, then the texts they came from."""

    agents: tuple[AgentClass, ...]
    files: tuple[SourceFile, ...]
    """Those given on the command line first, then imported ones in the order they were met."""
    roots: tuple[str, ...] = ()
    """The paths given on the command line."""
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The frontmatter, merged over the files given."""

    def agent(self, name: str) -> AgentClass | None:
        """The agent class of that name; None when the program has none."""
        return next((agent for agent in self.agents if agent.name == name), None)

    def is_python(self, agent: str, playbook: str) -> bool:
        """Whether that playbook, of the agent class of that name, is written in Python."""
        cls = self.agent(agent)
        found = cls.playbook(playbook) if cls else None
        return found is not None and found.mode == "python"

    @property
    def name(self) -> str:
        """What people call it: the file name of the first file, `negotiation.pb`."""
        return self.roots[0].replace("\\", "/").rsplit("/", 1)[-1] if self.roots else "program"

    @property
    def hash(self) -> str:
        """Of all texts: a program changed in one character has another."""
        digest = hashlib.blake2b(digest_size=16)
        for file in self.files:
            digest.update(file.text.encode("utf-8", "surrogatepass"))
            digest.update(b"\0")
        return digest.hexdigest()
