"""What other packages can bring: checkpoint providers."""

from playbooks.extensions.provider import CheckpointProvider

__all__ = ["CheckpointProvider"]
