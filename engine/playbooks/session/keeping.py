"""How many checkpoints a session keeps: decided when it starts, kept while it runs.

Apart because retention itself knows no session: the number is a fact beside the session's checkpoints, so that a resume
with other settings, or by `debug`, does not take away what the run was to keep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from playbooks.checkpoints.chain import Windows
from playbooks.checkpoints.live_retention import LiveRetention
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.store import Store
from playbooks.runtime.notices import Output, Pruned

ABOUT = "session"
"""The note that a session begins with."""


def kept_of(store: Store, session: str, otherwise: int) -> int:
    """How many checkpoints of each agent on each branch a session keeps; 0 is all.

    Args:
        store: Where it is.
        session: Its id.
        otherwise: What is configured, for a session that does not say.
    """
    told = [note.data.get("keep") for note in store.notes(session, ABOUT)[:1]]
    return next((keep for keep in told if type(keep) is int and keep >= 0), otherwise)


class Keeping:
    """Prunes for a journal, and tells what is gone.

    Args:
        store: Where.
        keep: How many of each agent on each branch; above 0.
        headers: What the session has when the run goes on with it.
        tell: Called after a prune, and once when nothing is pruned any more.
    """

    def __init__(
        self, store: Store, keep: int, headers: Iterable[Header], tell: Callable[[Pruned | Output], None]
    ) -> None:
        self._live, self._tell = LiveRetention(store, keep, headers), tell
        self._warned = False

    @property
    def headers(self) -> list[Header]:
        """What is kept, in sequence order."""
        return self._live.headers

    def committed(self, header: Header, windows: Windows) -> None:
        """See `journal.Retention`."""
        if gone := self._live.committed(header, windows):
            self._tell(Pruned(gone))
        elif self._live.stopped and not self._warned:
            self._warned = True
            why = f"older checkpoints are not taken away any more: {self._live.stopped}"
            self._tell(Output("", why, "warning"))
