"""Retention during a run: `keep_last_n` of each agent on each branch, kept by pruning now and then.

Apart from `retention`, which decides and does it for any session, because a run knows what its own checkpoints changed:
it need not fold them again, so a prune costs what is pruned and not what the run has been through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from playbooks.checkpoints.chain import Windows
from playbooks.checkpoints.record import Header
from playbooks.checkpoints.retention import PATIENCE, PruneStopped, apply, plan
from playbooks.checkpoints.store import StorageError, Store
from playbooks.state import Changes


class LiveRetention:
    """Prunes the session that a journal writes, whenever an agent on a branch has twice what is to be kept.

    Args:
        store: Where.
        keep: How many checkpoints of each agent on each branch; 0 keeps all.
        headers: What the session has when the run goes on with it; none of a new one.
    """

    def __init__(self, store: Store, keep: int, headers: Iterable[Header] = ()) -> None:
        self._store, self._keep = store, keep
        self._headers = {header.id: header for header in headers}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._steps: dict[str, Changes] = {}
        self._count()
        self.stopped = ""
        """Why nothing is pruned any more; empty: pruning goes on. The run does."""

    @property
    def headers(self) -> list[Header]:
        """What is kept of the session, in sequence order."""
        return sorted(self._headers.values(), key=lambda header: header.sequence)

    def committed(self, header: Header, windows: Windows) -> tuple[str, ...]:
        """Takes up a checkpoint that is durable now, and prunes if it is time.

        Args:
            header: Of the checkpoint.
            windows: Of the branch, with `keep_steps` on; told of what is gone.

        Returns:
            Ids of the checkpoints that are gone now.
        """
        self._headers[header.id] = header
        if header.parent:  # nothing is ever merged over a session's start
            self._steps[header.id] = windows.take_step()
        group = header.agent, header.branch
        self._counts[group] += 1
        if not self._keep or self._counts[group] < PATIENCE * self._keep or self.stopped:
            return ()
        labelled = self._store.labels(header.session)
        made = plan(self.headers, labelled, self._keep, patience=PATIENCE, footholds=True)
        if not made.dropped:
            self._count()
            return ()
        try:
            apply(self._store, made, self._steps)
        except (PruneStopped, StorageError) as error:
            # Room is what pruning is for: a run is not ended for it, and what is there is whole.
            self.stopped = str(error)
            return ()
        gone = tuple(dropped.id for dropped in made.dropped)
        windows.pruned(frozenset(gone), header.id, header.depth)
        self._headers = {kept.id: kept for kept in made.kept}
        for gap in made.gaps:
            self._headers[gap.header.id] = msgspec.structs.replace(gap.header, parent=gap.onto.id)
        self._count()
        return gone

    def _count(self) -> None:
        self._counts = Counter((header.agent, header.branch) for header in self._headers.values())
