"""Which checkpoint providers there are.

Apart from the providers: they register themselves here when they are imported, or are found by their entry point.
"""

from __future__ import annotations

from typing import ClassVar

from playbooks.extensions.provider import CheckpointProvider

ENTRY_POINTS = "playbooks.checkpoint_providers"
_SUFFIX = "CheckpointProvider"


class ExtensionRegistry:
    """The extensions of this process."""

    _checkpoint_provider_class: ClassVar[type[CheckpointProvider] | None] = None
    _named: ClassVar[dict[str, type[CheckpointProvider]]] = {}

    @classmethod
    def register_checkpoint_provider(cls, provider: type[CheckpointProvider], name: str = "") -> None:
        """Makes a class the checkpoint provider; the last one registered is it.

        Args:
            provider: The class.
            name: What `[durability] provider` calls it; empty is its own name in small letters, without the ending
                that all have: `redis` of `RedisCheckpointProvider`.

        Raises:
            TypeError: It is no `CheckpointProvider`.
        """
        _refuse_other(provider, repr(provider))
        cls._checkpoint_provider_class = provider
        cls._named[name or provider.__name__.removesuffix(_SUFFIX).lower()] = provider

    @classmethod
    def has_checkpoint_provider(cls) -> bool:
        """Whether one is registered."""
        return cls._checkpoint_provider_class is not None

    @classmethod
    def provider_names(cls) -> list[str]:
        """Names of the providers there are, as `[durability] provider` takes them: registered, or offered by an
        installed package."""
        from importlib.metadata import entry_points  # late: it reads every installed package's metadata

        return sorted({*cls._named, *(found.name for found in entry_points(group=ENTRY_POINTS))})

    @classmethod
    def find_checkpoint_provider(cls, name: str) -> type[CheckpointProvider]:
        """The provider of a name: registered in this process, else offered by an installed package.

        Raises:
            LookupError: There is none of this name.
            TypeError: What a package offers is no `CheckpointProvider`.
            Exception: Whatever importing it raises.
        """
        if name in cls._named:
            return cls._named[name]
        from importlib.metadata import entry_points

        found = next(iter(entry_points(group=ENTRY_POINTS, name=name)), None)
        if found is None:
            raise LookupError(f"no installed package offers a checkpoint provider called {name!r}")
        provider: type[CheckpointProvider] = found.load()
        _refuse_other(provider, found.value)
        return provider


def _refuse_other(provider: object, what: str) -> None:
    if not (isinstance(provider, type) and issubclass(provider, CheckpointProvider)):
        raise TypeError(f"{what} is no CheckpointProvider")
