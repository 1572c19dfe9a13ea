"""What documents show of a terminal, read so that a test can type it: commands, and what must come of them.

In a ```` ```console ```` block a line that begins with `$ ` is typed (`> ` goes on with it), and the lines below are
what it prints: `…` stands for anything within a line, a line of `…` alone for any lines. `^C` is pressed once all that
stands above it was printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Typed:
    """A command and what it must print."""

    document: str
    line: int
    """Where it stands, from 1."""
    command: str
    before: list[str] = field(default_factory=list)
    """Lines it prints; those before Ctrl+C, when that is pressed."""
    after: list[str] | None = None
    """Lines it prints after Ctrl+C; None: it is not pressed."""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}: {self.command}"

    @property
    def lines(self) -> list[str]:
        return self.before + (self.after or [])


def commands(document: Path) -> Iterator[Typed]:
    """All that a document has typed, in its order."""
    text = document.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        typed: Typed | None = None
        first = text.count("\n", 0, block.start(1)) + 1
        for number, line in enumerate(block[1].splitlines(), start=first):
            if line.startswith("$ "):
                if typed:
                    yield typed
                typed = Typed(document.name, number, line[2:])
            elif typed is None:
                raise ValueError(f"{document.name}:{number}: nothing was typed yet")
            elif line.startswith("> ") and not typed.before:
                typed.command += "\n" + line[2:]
            elif line == "^C":
                typed.after = []
            else:
                (typed.before if typed.after is None else typed.after).append(line.rstrip())
        if typed:
            yield typed


def shown_by(lines: list[str], printed: str) -> bool:
    """Whether lines with their `…` are what was printed."""
    pattern = ""
    for line in lines:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split("…")) + r"[ ]*\n"
    return re.fullmatch(pattern, printed if not printed or printed.endswith("\n") else printed + "\n") is not None
