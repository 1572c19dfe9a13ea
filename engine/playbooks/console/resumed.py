"""What a resume found, in the words of the guide.

Apart because people compare these lines with the guide's, letter by letter.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playbooks.session.resume import FailedAgent, Resumed


def resume_lines(resumed: Resumed) -> Iterator[str]:
    """What was found, an agent after the other."""
    if not resumed.agents and resumed.checkpoint:
        yield f"🔄 Found the start of {resumed.session}: nothing has completed since"
    for found in resumed.agents:
        if found.checkpoint:
            yield f"🔄 Found checkpoint for agent {found.agent}"
            yield f"   Checkpoint: {found.checkpoint}"
            yield f"   Last statement: {found.statement}"
            yield f"✅ Resumed execution for agent {found.agent}"
        else:
            yield nothing_found(found.agent)


def fresh_lines(agents: Iterable[str]) -> Iterator[str]:
    """What is said when a resume was wanted and there is no session to resume: the program starts afresh.

    Args:
        agents: Ids of those it starts with.
    """
    yield ""
    yield from map(nothing_found, sorted(agents, key=lambda agent: (agent == "human", agent)))


def nothing_found(agent: str) -> str:
    """The guide's warning."""
    return f"⚠️  No checkpoints found for agent {agent}"


def resume_warnings(resumed: Resumed) -> Iterator[str]:
    """What the person must know before it goes on."""
    for line in resumed.skipped:
        yield f"Skipped {line}"
    if resumed.skipped:
        yield f"Going on from {resumed.checkpoint}."
    if resumed.said_after:
        yield "After it this had already been said:"
        yield from (f"  {line}" for line in resumed.said_after)
    if resumed.changed_files:
        files = ", ".join(resumed.changed_files)
        have = "have" if resumed.changed_files[1:] else "has"
        yield f"{files} {have} changed since; what was recorded runs."
        if resumed.checkpoint:
            command = ["playbooks", "fork", resumed.checkpoint, "--program", resumed.program]
            yield f"What is there now runs with: {shlex.join(command)}"
    if resumed.models:
        before, now = resumed.models
        yield f"{now} answers from here on; {before} did so far."
    yield from (f"◐ {line}" for line in resumed.may_have_run)
    for failed in resumed.failed:
        yield f"{failed.class_name} {failed.agent} has failed and stays so: {failed.error}"
        yield from fork_line([failed])


def gone_line(session: str, storage: str) -> str:
    """What is said instead of how to resume, when somebody took the checkpoints away meanwhile."""
    return f"Nothing can be resumed: the checkpoints of {session} are not in {storage} any more."


def fork_line(failed: Iterable[FailedAgent]) -> Iterator[str]:
    """How a run whose agents have failed can go otherwise."""
    for agent in failed:
        if agent.checkpoint:
            yield f"Ask its model anew from before that with: playbooks fork {agent.checkpoint} --regenerate"
