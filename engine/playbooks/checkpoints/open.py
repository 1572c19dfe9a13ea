"""From `[durability] provider` to a store.

Apart because this is where other packages' providers come in; what they bring is imported only when it is asked for.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import cast

from playbooks.checkpoints.provider_store import ProviderStore
from playbooks.checkpoints.store import Store, refuse_unreadable
from playbooks.errors import UserError
from playbooks.extensions.provider import CheckpointProvider
from playbooks.extensions.registry import ExtensionRegistry


def open_store(
    provider: str | type[CheckpointProvider] = "filesystem",
    path: str | os.PathLike[str] = ".checkpoints",
    *,
    fsync: bool = False,
    max_size_mb: float = 10,
    config_file: str = "",
    key: bytes | None = None,
) -> Store:
    """The store of a storage path.

    Args:
        provider: `filesystem`, `sqlite`, the name of a registered or installed provider, or its class.
        path: The storage path. Nothing is made in it before something is written.
        fsync: Whether what is written survives power loss, and not only a crash of the process.
        max_size_mb: What a provider that asks for it is told; the engine limits values itself.
        config_file: Where the name was set, for the mistake.
        key: Signs; None is the user's own.

    Raises:
        UserError: There is no provider of this name, or it can't be made; with the names there are.
        StorageError: The storage path can't be looked into.
        KeyUnusable: The user's key is needed and can't be had.
    """
    refuse_unreadable(os.fspath(path))
    cls = provider if isinstance(provider, type) else _find(provider, config_file)
    if key is not None and "key" in inspect.signature(cls.open_store).parameters:
        store = cls.open_store(path, fsync=fsync, key=key)
    else:
        store = cls.open_store(path, fsync=fsync)
    if store is not None:
        return cast(Store, store)
    return ProviderStore(made_provider(cls, path, fsync, max_size_mb), Path(path), fsync=fsync, key=key)


def _find(name: str, config_file: str) -> type[CheckpointProvider]:
    try:
        return ExtensionRegistry.find_checkpoint_provider(name)
    except LookupError:
        names = ", ".join(f'"{known}"' for known in ExtensionRegistry.provider_names())
        fix = f"set provider in [durability] to one of those there are: {names}"
        raise UserError(f'there is no checkpoint provider "{name}"', fix, file=config_file) from None
    except Exception as error:  # importing another package may raise anything
        what = f'the checkpoint provider "{name}" can\'t be loaded: {type(error).__name__}: {error}'
        fix = "mend or remove the package that brings it, or set another in [durability]"
        raise UserError(what.splitlines()[0], fix, file=config_file) from error


def made_provider(
    cls: type[CheckpointProvider], path: str | os.PathLike[str], fsync: bool = False, max_size_mb: float = 10
) -> CheckpointProvider:
    """A provider with those of our settings that it takes.

    Raises:
        UserError: It can't be made.
    """
    offered = {"base_path": path, "max_size_mb": max_size_mb, "fsync": fsync}
    try:
        parameters = inspect.signature(cls).parameters.values()
        takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        named = {parameter.name for parameter in parameters}
        return cls(**{name: value for name, value in offered.items() if takes_any or name in named})
    except Exception as error:  # another package's constructor may raise anything
        what = f"the checkpoint provider {cls.__name__} can't be made: {type(error).__name__}: {error}"
        raise UserError(what.splitlines()[0], "it is given base_path, max_size_mb and fsync by name") from error
