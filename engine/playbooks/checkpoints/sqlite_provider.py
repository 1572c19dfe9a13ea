"""The provider that keeps checkpoints in one SQLite database: `.checkpoints/checkpoints.db`.

Apart from `SQLiteStore`, the engine's own way to the same records, which knows sessions and branches.
"""

from __future__ import annotations

import os

from playbooks.checkpoints.sqlite import SQLiteStore
from playbooks.checkpoints.store_provider import StoreProvider


class SQLiteCheckpointProvider(StoreProvider):
    """Checkpoints in one database. What comes back: see `StoreProvider`.

    Args:
        base_path: The folder it lies in; made at the first save.
        max_size_mb: Megabytes that one value may take; a larger one is replaced by a marked placeholder.
    """

    def __init__(self, base_path: str | os.PathLike[str] = ".checkpoints", max_size_mb: float = 10) -> None:
        super().__init__(SQLiteStore(base_path), max_size_mb)

    @classmethod
    def open_store(cls, path: str | os.PathLike[str], *, fsync: bool = False, key: bytes | None = None) -> SQLiteStore:
        """See `CheckpointProvider.open_store`."""
        return SQLiteStore(path, fsync=fsync, key=key)
