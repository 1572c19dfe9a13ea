"""What a process left half done when it died: the tools that may have run, and the model calls that were counted.

Apart because it is read by whoever looks at a session and by the resume alike, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Store
from playbooks.runtime.intents import Attempt, attempts_of
from playbooks.runtime.journal import INTENTS
from playbooks.state import ProgramState


def intents_after(
    store: Store, session: str, checkpoints: Collection[str], *, trust: bool = False
) -> list[dict[str, Any]]:
    """What was noted as about to begin after one of some checkpoints, oldest first.

    Args:
        store: Where.
        session: Its id.
        checkpoints: The newest whole one of a branch, and what is damaged after it.
        trust: Take also what this user's engine did not write.
    """
    notes = store.notes(session, INTENTS)
    return [note.data for note in notes if (note.signed or trust) and note.data.get("after") in checkpoints]


def may_have_run(store: Store, header: Header, state: ProgramState, *, trust: bool = False) -> list[Attempt]:
    """The calls that may have run when a branch was left at its newest checkpoint."""
    return attempts_of(state, intents_after(store, header.session, (header.id,), trust=trust))


def told(attempts: Sequence[Attempt], mode: str) -> tuple[str, ...]:
    """What a resume says about them, a line each."""
    becomes = {"rerun": "it runs again", "fail": "it fails", "ask": "you are asked"}[mode]
    return tuple(
        f"{attempt.call} of {attempt.agent} may have run: {becomes} when the program comes to it"
        for attempt in attempts
    )
