"""What a process left half done when it died: the tools that may have run, and the model calls that were counted.

Apart because it is read by whoever looks at a session and by the resume alike, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from playbooks.checkpoints.facts import INTENTS
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Store
from playbooks.runtime.intents import Attempt, attempts_of
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


def was_asking(state: ProgramState, last: Header) -> bool:
    """Whether a model call was under way whose end nobody noted: the process died.

    Args:
        state: At the end of a branch.
        last: Its newest checkpoint.
    """
    if last.kind in ("interrupt", "end"):  # what was under way was noted
        return False
    return any(
        id not in state.returned
        and (asked := state.asked_of(id)) is not None
        and asked.turn == state.progress_of(id).turn
        and not state.progress_of(id).ended
        for id in state.frames
    )


def told(attempts: Sequence[Attempt], mode: str) -> tuple[str, ...]:
    """What a resume says about them, a line each."""
    becomes = {"rerun": "it runs again", "fail": "it fails", "ask": "you are asked"}[mode]
    return tuple(
        f"{attempt.call} of {attempt.agent} may have run: {becomes} when the program comes to it"
        for attempt in attempts
    )
