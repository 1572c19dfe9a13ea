"""Which checkpoint provider there is.

Apart from the providers: they register themselves here when they are imported, or are found by their entry point.
"""

from __future__ import annotations

from typing import ClassVar

from playbooks.extensions.provider import CheckpointProvider

ENTRY_POINTS = "playbooks.checkpoint_providers"


class ExtensionRegistry:
    """The extensions of this process."""

    _checkpoint_provider_class: ClassVar[type[CheckpointProvider] | None] = None

    @classmethod
    def register_checkpoint_provider(cls, provider: type[CheckpointProvider]) -> None:
        """Makes a class the checkpoint provider; the last one registered is it.

        Raises:
            TypeError: It is no `CheckpointProvider`.
        """
        if not (isinstance(provider, type) and issubclass(provider, CheckpointProvider)):
            raise TypeError(f"{provider!r} is no CheckpointProvider")
        cls._checkpoint_provider_class = provider

    @classmethod
    def has_checkpoint_provider(cls) -> bool:
        """Whether one is registered."""
        return cls._checkpoint_provider_class is not None

    @staticmethod
    def provider_names() -> list[str]:
        """Names of the providers that installed packages offer, as `[durability] provider` takes them."""
        from importlib.metadata import entry_points  # late: it reads every installed package's metadata

        return sorted({found.name for found in entry_points(group=ENTRY_POINTS)})

    @staticmethod
    def find_checkpoint_provider(name: str) -> type[CheckpointProvider]:
        """The provider that an installed package offers under a name.

        Raises:
            LookupError: No package offers one of this name.
            TypeError: What it offers is no `CheckpointProvider`.
        """
        from importlib.metadata import entry_points

        found = next(iter(entry_points(group=ENTRY_POINTS, name=name)), None)
        if found is None:
            raise LookupError(f"no installed package offers a checkpoint provider called {name!r}")
        provider = found.load()
        if not (isinstance(provider, type) and issubclass(provider, CheckpointProvider)):
            raise TypeError(f"{found.value} is no CheckpointProvider")
        return provider
