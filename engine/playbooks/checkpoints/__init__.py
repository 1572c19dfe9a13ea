"""Storing what a run has done, and reading it again. Importing this registers the providers that the engine brings."""

from playbooks.checkpoints.filesystem_provider import FilesystemCheckpointProvider
from playbooks.checkpoints.open import open_store
from playbooks.checkpoints.sqlite_provider import SQLiteCheckpointProvider
from playbooks.extensions.provider import CheckpointProvider
from playbooks.extensions.registry import ExtensionRegistry

__all__ = ["CheckpointProvider", "FilesystemCheckpointProvider", "SQLiteCheckpointProvider", "open_store"]

_before = ExtensionRegistry._checkpoint_provider_class
ExtensionRegistry.register_checkpoint_provider(SQLiteCheckpointProvider, "sqlite")
ExtensionRegistry.register_checkpoint_provider(FilesystemCheckpointProvider, "filesystem")
if _before is not None:  # one that another package registered before stays the one in use
    ExtensionRegistry.register_checkpoint_provider(_before)
