"""What a checkpoint provider is to other programs: five calls, by which a checkpoint is saved, found, read and taken
away.

Apart from the providers so that another package can bring one without importing the engine.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any


class CheckpointProvider(ABC):
    """Keeps checkpoints somewhere. Ids are `<agent>_ckpt_<n>`, and n orders an agent's checkpoints.

    It is made by name with as many of these as its `__init__` takes: `base_path`, the storage path, of which each is a
    place of its own; `max_size_mb`, the most a checkpoint may be; `fsync`, whether what is written survives power loss.
    """

    @abstractmethod
    async def save_checkpoint(
        self, checkpoint_id: str, execution_state: dict[str, Any], namespace: dict[str, Any], metadata: dict[str, Any]
    ) -> None:
        """Saves a checkpoint; when this returns it is whole, and before that it can't be seen.

        Args:
            checkpoint_id: `<agent>_ckpt_<n>`. One that is there is replaced, atomically.
            execution_state: Where the agent is.
            namespace: Its variables.
            metadata: What else is known: `statement`, `counter`, `timestamp`, …

        Raises:
            StorageError: It can't be written; what was there before is whole.
        """

    @abstractmethod
    async def load_checkpoint(self, checkpoint_id: str) -> dict[str, Any] | None:
        """A checkpoint: `checkpoint_id`, `execution_state`, `namespace`, `metadata`. None: there is none of this id.

        Raises:
            Damaged: It is there, and not what was written.
        """

    @abstractmethod
    async def list_checkpoints(self, agent_id: str) -> list[str]:
        """Ids of an agent's checkpoints, by number, the newest last."""

    @abstractmethod
    async def delete_checkpoint(self, checkpoint_id: str) -> None:
        """Takes a checkpoint away; one that is not there is no error."""

    @abstractmethod
    async def cleanup_old_checkpoints(self, agent_id: str, keep_last_n: int) -> None:
        """Takes away all of an agent's checkpoints but its newest; 0 keeps all."""

    @classmethod
    def open_store(cls, path: str | os.PathLike[str], *, fsync: bool = False, key: bytes | None = None) -> Any:
        """The engine's own way to the same checkpoints, if the provider has one: a `playbooks.checkpoints.store.Store`.

        None, which is what a provider has that brings only the five calls above: the engine makes do with those.

        Args:
            path: The storage path.
            fsync: Whether what is written survives power loss.
            key: Signs; None is the user's own. One that lacks this parameter is opened only when that can be had.
        """
        return None
