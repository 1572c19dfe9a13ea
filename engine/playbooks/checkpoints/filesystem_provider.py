"""The provider that keeps checkpoints as files in a folder: `.checkpoints/1000/1000_ckpt_1.pkl`.

Apart from `FileStore`, the engine's own way to the same files, which knows sessions and branches.
"""

from __future__ import annotations

import os

from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.store_provider import StoreProvider


class FilesystemCheckpointProvider(StoreProvider):
    """Checkpoints as files in a folder. What comes back: see `StoreProvider`.

    Args:
        base_path: The folder; made at the first save.
        max_size_mb: Megabytes that one value may take; a larger one is replaced by a marked placeholder.
    """

    def __init__(self, base_path: str | os.PathLike[str] = ".checkpoints", max_size_mb: float = 10) -> None:
        super().__init__(FileStore(base_path), max_size_mb)

    @classmethod
    def open_store(cls, path: str | os.PathLike[str], *, fsync: bool = False, key: bytes | None = None) -> FileStore:
        """See `CheckpointProvider.open_store`."""
        return FileStore(path, fsync=fsync, key=key)
