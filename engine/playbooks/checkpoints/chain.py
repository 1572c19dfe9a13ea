"""From a chain of checkpoints to the state at its end, and how the chain is kept short.

A checkpoint at a depth divisible by 32ᵏ carries the changes of the last 32ᵏ steps, merged, and names the checkpoint
that many steps back as its base. Folding from any depth reads at most 31 files a level: a few dozen, however long the
run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playbooks.checkpoints.record import BASE, Checkpoint, Header
from playbooks.state import Changes, Event, ProgramState, from_builtins, reduce
from playbooks.state.changes import apply


class Windows:
    """The changes since the last depth divisible by 32ᵏ⁺¹, for each k, along one branch."""

    __slots__ = ("_levels", "_marks", "_root")

    def __init__(self, root: str) -> None:
        self._root = root
        self._levels: list[Changes] = [Changes()]
        self._marks: list[str] = [root]
        """k → id of the last checkpoint at a depth divisible by 32ᵏ⁺¹."""

    def fold(self, state: ProgramState, event: Event) -> None:
        """Makes the event's writes, in the state and in the window."""
        writes = reduce(state, event)
        self._levels[0].add(writes, state.tables)
        apply(state.tables, writes)

    def close(self, depth: int, id: str, parent: str) -> tuple[Changes | None, str, int]:
        """Ends the step to `depth`, which is above 0.

        Args:
            depth: Of the checkpoint being made.
            id: Of that checkpoint.
            parent: Id of the one before it.

        Returns:
            The merged changes to put into it (None at most depths; to be written at once, they are used on), the id
            of the
            checkpoint to fold on from, and how many steps back that one lies.
        """
        if depth % BASE:
            return None, parent, 1
        level, span = 0, BASE
        merged, self._levels[0] = self._levels[0], Changes()
        while depth % (span * BASE) == 0:
            level, span = level + 1, span * BASE
            self._grow(level)
            self._levels[level].merge(merged)
            merged, self._levels[level] = self._levels[level], Changes()
        self._grow(level + 1)
        base = self._marks[level]
        self._levels[level + 1].merge(merged)
        for below in range(level + 1):
            self._marks[below] = id
        return merged, base, span

    def folded(self, checkpoint: Checkpoint, state: ProgramState) -> None:
        """Takes up one link of a chain being folded, oldest first."""
        header = checkpoint.header
        if checkpoint.merged is None:
            for event in from_builtins(checkpoint.events):
                self.fold(state, event)
            return
        level, span = 1, BASE
        while span < checkpoint.span:
            level, span = level + 1, span * BASE
        self._grow(level)
        changes = Changes(checkpoint.merged)
        self._levels[level].add(changes.writes(), state.tables)
        state.apply(changes)
        for below in range(level):
            self._marks[below] = header.id

    def _grow(self, level: int) -> None:
        while len(self._levels) <= level:
            self._levels.append(Changes())
            self._marks.append(self._root)


@dataclass(slots=True)
class Folded:
    """A state with what is needed to go on from it."""

    state: ProgramState
    windows: Windows
    header: Header
    """Of the checkpoint folded to."""


def fold(read: Callable[[str], Checkpoint], id: str) -> Folded:
    """The state at a checkpoint.

    Args:
        read: Gives a checkpoint by id; what it raises for a damaged or missing one passes through.
        id: Where to fold to.

    Raises:
        ValueError: An event of the chain is of no known kind.
    """
    chain = [read(id)]
    while chain[-1].base:
        chain.append(read(chain[-1].base))
    root = chain.pop()
    state = ProgramState()
    for event in from_builtins(root.events):
        apply(state.tables, reduce(state, event))
    windows = Windows(root.header.id)
    for checkpoint in reversed(chain):
        windows.folded(checkpoint, state)
    return Folded(state, windows, chain[0].header if chain else root.header)
