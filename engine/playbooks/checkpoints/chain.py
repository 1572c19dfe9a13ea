"""From a chain of checkpoints to the state at its end, and how the chain is kept short.

A checkpoint at a depth divisible by 32ᵏ carries the changes of the last 32ᵏ steps, merged, and names the checkpoint
that many steps back as its base. Folding from any depth reads at most 31 files a level: a few dozen, however long the
run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from playbooks.checkpoints.record import BASE, Checkpoint, Header
from playbooks.state import Changes, Event, ProgramState, from_builtins, reduce
from playbooks.state.changes import apply


class Windows:
    """The changes along one branch, by level: those between two marks, merged.

    Mark k is the newest checkpoint at a depth divisible by 32ᵏ⁺¹, or, where that was pruned, the first kept one after
    it. Level k holds the changes from mark k to mark k − 1, level 0 those from mark 0 to now.
    """

    __slots__ = ("_levels", "_marks", "_root", "_step")

    def __init__(self, root: str) -> None:
        self._root = (root, 0)
        self._levels: list[Changes] = [Changes()]
        self._marks: list[tuple[str, int]] = [self._root]
        """Ids with their depths. The last is the root."""
        self._step: Changes | None = None

    def fold(self, state: ProgramState, event: Event) -> None:
        """Makes the event's writes, in the state and in the window."""
        writes = reduce(state, event)
        self._levels[0].add(writes, state.tables)
        if self._step is not None:
            self._step.add(writes, state.tables)
        apply(state.tables, writes)

    def keep_steps(self) -> None:
        """From now on, `take_step` gives what was folded since it was last called."""
        self._step = Changes()

    def take_step(self) -> Changes:
        """What was folded since this or `keep_steps` was called."""
        step, self._step = self._step, Changes()
        return step if step is not None else Changes()

    def close(self, depth: int, id: str, parent: str) -> tuple[Changes | None, str, int]:
        """Ends the step to `depth`, which is above 0.

        Args:
            depth: Of the checkpoint being made.
            id: Of that checkpoint.
            parent: Id of the one before it.

        Returns:
            The merged changes to put into it (None at most depths; to be written at once, they are used on), the id of
            the checkpoint to fold on from, and how many steps back that one lies.
        """
        if depth % BASE:
            return None, parent, 1
        level, size = 0, BASE * BASE
        while depth % size == 0:
            level, size = level + 1, size * BASE
        merged = self._raise(level)
        base, at = self._marks[level]
        self._grow(level + 1)
        self._levels[level] = Changes()
        self._levels[level + 1].merge(merged)
        self._mark(level, id, depth)
        return merged, base, depth - at

    def folded(self, checkpoint: Checkpoint, state: ProgramState) -> None:
        """Takes up one link of a chain being folded, oldest first; however many steps it spans."""
        header = checkpoint.header
        if checkpoint.merged is None:
            for event in from_builtins(checkpoint.events):
                self.fold(state, event)
            return
        if not 1 <= checkpoint.span <= header.depth:
            raise ValueError(f"{header.id} merges more than went before it")
        # The highest level of which a mark would have been set within the link: this end of it is that mark now.
        level, size = 0, BASE
        while header.depth // size > (header.depth - checkpoint.span) // size:
            level, size = level + 1, size * BASE
        self._raise(level).add_merged(checkpoint.merged, state.tables)
        state.apply(Changes(checkpoint.merged))
        if level:
            self._mark(level - 1, header.id, header.depth)

    def pruned(self, gone: Collection[str], id: str, depth: int) -> None:
        """Lets go of marks that are not there any more.

        Args:
            gone: Ids of the checkpoints that were taken away.
            id: The checkpoint just made: it takes the place of those marks.
            depth: Its depth.
        """
        levels = [level for level, (mark, _) in enumerate(self._marks) if mark in gone]
        if levels:
            self._raise(levels[-1] + 1)
            self._mark(levels[-1], id, depth)

    def _raise(self, level: int) -> Changes:
        """Merges all levels below one into it."""
        self._grow(level)
        held = self._levels[level]
        for below in range(level - 1, -1, -1):  # later changes stand in lower levels
            held.merge(self._levels[below])
            self._levels[below] = Changes()
        return held

    def _mark(self, level: int, id: str, depth: int) -> None:
        for below in range(level + 1):
            self._marks[below] = (id, depth)

    def _grow(self, level: int) -> None:
        while len(self._levels) <= level:
            self._levels.append(Changes())
            self._marks.append(self._root)


class Folded(msgspec.Struct):
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
        ValueError: The chain is none that an engine writes: it leads back into itself, or its events do not fold.
    """
    chain = [read(id)]
    while chain[-1].base:
        base = read(chain[-1].base)
        if base.header.depth >= chain[-1].header.depth:  # else it might never end
            raise ValueError(f"{chain[-1].header.id} builds on {base.header.id}, which is not before it")
        chain.append(base)
    try:
        return _folded(chain)
    except Exception as error:  # what a crafted chain may make of a fold is not a closed set
        raise ValueError(f"it does not fold ({type(error).__name__}: {error})") from error


def _folded(chain: list[Checkpoint]) -> Folded:
    """The state at the first of a chain, which begins with the newest."""
    *later, root = chain
    state = ProgramState()
    for event in from_builtins(root.events):
        apply(state.tables, reduce(state, event))
    windows = Windows(root.header.id)
    for checkpoint in reversed(later):
        windows.folded(checkpoint, state)
    return Folded(state, windows, chain[0].header)
