"""What a resume found, in the words of the guide.

Apart because people compare these lines with the guide's, letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol


class AgentResumed(Protocol):
    """One agent of a resume."""

    @property
    def agent(self) -> str: ...

    @property
    def checkpoint(self) -> str:
        """Its newest checkpoint; empty when it has none."""

    @property
    def statement(self) -> str: ...


class Resumed(Protocol):
    """What a resume found."""

    @property
    def agents(self) -> Sequence[AgentResumed]: ...

    @property
    def warnings(self) -> Sequence[str]:
        """Damaged files that were skipped, tools that may run again, a changed program."""


def resume_lines(resumed: Resumed) -> Iterator[str]:
    """The lines to print before the run goes on."""
    for found in resumed.agents:
        if found.checkpoint:
            yield f"🔄 Found checkpoint for agent {found.agent}"
            yield f"   Checkpoint: {found.checkpoint}"
            yield f"   Last statement: {found.statement}"
            yield f"✅ Resumed execution for agent {found.agent}"
        else:
            yield f"⚠️  No checkpoints found for agent {found.agent}"
