"""Where a run stands while it is not over, told beside its checkpoints for those who follow it from another process.

Apart because no checkpoint tells it: that somebody waits for the person is known only after the last one was made. It
holds for the checkpoint it names, and is gone with the next: nothing is resumed by it.
"""

from __future__ import annotations

import contextlib
from typing import Final, Literal

import msgspec

from playbooks.checkpoints.store import Store
from playbooks.errors import UserError

STANDS: Final = "stands"
"""The kind of note; there is one at most."""


class Standing(msgspec.Struct, frozen=True):
    """A run that waits for its person, or is held."""

    at: str
    """Id of the session's newest checkpoint then."""
    status: Literal["waiting", "paused"]
    phrase: str = ""
    """Why, in a few words; of one that waits empty: somebody asks."""
    asked: tuple[str, ...] = ()
    """The agents that wait for the person, in the order they are answered."""


def keep_standing(store: Store, session: str, standing: Standing) -> None:
    """Notes where a run stands; a full disk must not stop the run for this."""
    with contextlib.suppress(UserError):
        store.note(session, STANDS, msgspec.to_builtins(standing))


def forget_standing(store: Store, session: str) -> None:
    """It goes on, or is over."""
    with contextlib.suppress(UserError):
        store.clear_notes(session, STANDS)


def standing_of(store: Store, session: str, at: str) -> Standing | None:
    """Where a run stands at a checkpoint; None: it goes on, as far as is known.

    Args:
        store: Where the session is kept.
        session: Its id.
        at: Its newest checkpoint.

    Raises:
        StorageError: The storage refused.
    """
    for note in reversed(store.notes(session, STANDS)):
        with contextlib.suppress(msgspec.ValidationError):  # of a newer engine
            standing = msgspec.convert(note.data, Standing)
            return standing if standing.at == at else None
    return None


def settle_killed(store: Store, session: str) -> None:
    """Takes back what a process that was killed left said of a session that is held here: nothing runs it now."""
    with contextlib.suppress(UserError):
        for branch, status in store.statuses(session).items():
            if status == "running":
                store.set_status(session, branch, "interrupted")
        if store.notes(session, STANDS):
            store.clear_notes(session, STANDS)
