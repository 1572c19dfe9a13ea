"""Reading a chain of checkpoints to look at what it adds up to: every reason why it can't be is one line.

Apart because looking must take whatever lies in the folder (damaged, foreign, crafted) and a resume must not.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from playbooks.checkpoints.chain import Folded, fold
from playbooks.checkpoints.record import Checkpoint
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.errors import ExitStatus, UserError


class Chain(msgspec.Struct, frozen=True):
    """A state with what is known of the files it came from."""

    folded: Folded
    checkpoint: Checkpoint
    """The one folded to."""
    foreign: tuple[str, ...]
    """Ids of those in the chain that this user's engine did not write; empty in an ordinary one."""

    @property
    def trusted(self) -> bool:
        return not self.foreign


def nothing_kept() -> UserError:
    """What is said to whoever asks for checkpoints of a session that keeps none."""
    return UserError("no checkpoints are kept", "enable [durability] in playbooks.toml")


class Foreign(UserError):
    """A checkpoint that this user's engine did not write is about to be run on from."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"{id} was not written by this user's engine",
            "look at it with `playbooks show`, or add --trust if you know where it comes from",
        )


def _fold(read: Callable[[str], Checkpoint], id: str) -> Folded:
    """As `fold`, also while another process prunes: what stays is made to stand on what stays before the others go."""
    try:
        return fold(read, id)
    except UnknownCheckpoint as error:
        if error.id == id:
            raise
        return fold(read, id)


def own_fold(store: Store, id: str, *, trust: bool = False) -> Folded:
    """The state at a checkpoint, to be run on from: one foreign file in what it builds on would decide what runs.

    Args:
        store: Where.
        id: Of the checkpoint.
        trust: Take it all the same.

    Raises:
        Foreign: Something in it was not written by this user's engine.
        UserError, ValueError: As `Store.read` and `fold`.
    """
    foreign: list[str] = []

    def read(name: str) -> Checkpoint:
        checkpoint, signed = store.read_signed(name)
        if not signed:
            foreign.append(name)
        return checkpoint

    folded = _fold(read, id)
    if foreign and not trust:
        raise Foreign(foreign[0])
    return folded


class CantBeRead(UserError):
    """A checkpoint whose state can't be told, because something in its chain is damaged, gone or crafted."""

    def __init__(self, id: str, reason: str) -> None:
        super().__init__(f"{id} can't be looked at: {reason}", status=ExitStatus.FAILED)


def read_chain(store: Store, id: str) -> Chain:
    """The state at a checkpoint; runs and imports nothing that it names.

    Raises:
        UnknownCheckpoint: There is none of this id.
        CantBeRead: Something in its chain is damaged, gone or not what an engine writes.
    """
    read: dict[str, Checkpoint] = {}
    foreign: list[str] = []

    def remember(name: str) -> Checkpoint:
        read[name], signed = store.read_signed(name)
        if not signed:
            foreign.append(name)
        return read[name]

    try:
        folded = _fold(remember, id)
    except UnknownCheckpoint as error:
        if error.id == id:
            raise
        raise CantBeRead(id, f"{error.id}, which it builds on, is gone") from None
    except Damaged as error:
        raise CantBeRead(id, str(error)) from None
    except ValueError as error:
        raise CantBeRead(id, str(error)) from None
    return Chain(folded, read[id], tuple(dict.fromkeys(foreign)))
