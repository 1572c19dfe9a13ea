"""Storing what a run has done, and reading it again. Importing this registers the provider that keeps files."""

from playbooks.checkpoints.filesystem_provider import FilesystemCheckpointProvider
from playbooks.extensions.provider import CheckpointProvider
from playbooks.extensions.registry import ExtensionRegistry

__all__ = ["CheckpointProvider", "FilesystemCheckpointProvider"]

if not ExtensionRegistry.has_checkpoint_provider():  # one that another package registered before stays
    ExtensionRegistry.register_checkpoint_provider(FilesystemCheckpointProvider)
