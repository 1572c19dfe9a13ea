"""Why something may not work in a folder: settings, storage, model, each looked at as a run would meet it.

Apart from the command that prints it, which adds what only it can see: its terminal. Reads only.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from playbooks.checkpoints import open_store
from playbooks.checkpoints.store import Damaged, StorageError, Store, UnknownCheckpoint
from playbooks.config import FILE_NAME, Config
from playbooks.errors import UserError
from playbooks.extensions.registry import ExtensionRegistry
from playbooks.models import create_model, missing_key
from playbooks.session.library import SessionLibrary
from playbooks.words import counted

LEAST_FREE_BYTES = 50_000_000
"""Below this a longer run may not find room for its checkpoints."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    subject: str
    """`config`, `durability`, `provider`, `storage`, `checkpoints`, `model`, `terminal`."""
    state: Literal["ok", "note", "wrong"]
    what: str
    fix: str = ""
    """What to do; empty when there is nothing to do."""


def diagnose(folder: Path, env: Mapping[str, str]) -> Iterator[Finding]:
    """Looks at everything a run in a folder stands on.

    Args:
        folder: Where `playbooks.toml` is looked for.
        env: The environment.
    """
    file = folder / FILE_NAME
    try:
        config = Config.load(folder, env)
    except UserError as error:
        yield Finding("config", "wrong", str(error).replace("\n", " · "))
        config = Config()
    else:
        if file.exists():
            yield Finding("config", "ok", str(file))
        else:
            yield Finding("config", "note", f"no {FILE_NAME} in this folder: the defaults hold")
    yield _durability(config)
    yield from _storage(config)
    yield _model(config, env)


def _durability(config: Config) -> Finding:
    if config.durability.enabled:
        return Finding("durability", "ok", "enabled: `run` keeps checkpoints")
    layer = next((layer for layer in reversed(config.layers) if "durability.enabled" in layer.values), None)
    if layer is not None and layer.rank == "environment":
        what = "PLAYBOOKS_DURABILITY__ENABLED in the environment turns it off"
        return Finding("durability", "wrong", what, "unset the variable")
    return Finding(
        "durability",
        "wrong",
        "not enabled: `run` keeps no checkpoints, so --resume has nothing to go on from (`debug` and `fork` always do)",
        f"set enabled = true under [durability] in {FILE_NAME}, or run `playbooks doctor --fix`",
    )


def _storage(config: Config) -> Iterator[Finding]:
    kept = config.durability
    try:
        store = open_store(
            kept.provider, kept.storage_path, fsync=kept.fsync, config_file=config.source("durability.provider")
        )
    except UserError as error:
        yield Finding("storage" if isinstance(error, StorageError) else "provider", "wrong", str(error))
        return
    try:
        provider = ExtensionRegistry.find_checkpoint_provider(kept.provider)
        yield Finding("provider", "ok", f"{kept.provider} is registered: {provider.__name__}")
        yield from _path(Path(kept.storage_path))
        if os.path.isdir(kept.storage_path):
            try:
                yield from _checkpoints(store, kept.storage_path)
            except UserError as error:
                yield Finding("checkpoints", "wrong", str(error))
    finally:
        store.close()


def _path(path: Path) -> Iterator[Finding]:
    if not path.exists():
        parent = next(folder for folder in (path.absolute().parent, *path.absolute().parents) if folder.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            yield Finding("storage", "note", f"{path} is not there yet: the first completed `await` makes it")
        else:
            yield Finding("storage", "wrong", f"{path} can't be made: {parent} is not writable", "set storage_path")
        return
    if not path.is_dir():
        yield Finding("storage", "wrong", f"{path} is no folder", "move it away, or set storage_path")
    elif not os.access(path, os.W_OK | os.X_OK):
        yield Finding("storage", "wrong", f"{path} is not writable", "make it writable, or set storage_path")
    elif (free := shutil.disk_usage(path).free) < LEAST_FREE_BYTES:
        yield Finding("storage", "wrong", f"{path} has {free // 1_000_000} MB left", "make room")
    else:
        yield Finding("storage", "ok", f"{path}, {free / 1e9:.1f} GB free")


def _checkpoints(store: Store, where: str) -> Iterator[Finding]:
    headers, sessions = store.headers(), store.sessions()
    if not sessions:
        what = f"none in {where}: a run that ends before its first `await` completes leaves none"
        yield Finding("checkpoints", "note", what)
        return
    foreign = 0
    for header in headers:
        try:
            foreign += not store.is_signed(header.id)
        except (Damaged, UnknownCheckpoint):
            continue
    damaged = store.damaged()
    agents = sorted({header.agent for header in headers})
    count = f"{len(headers)} of agents {', '.join(agents)} in {counted(len(sessions), 'session')}"
    yield Finding("checkpoints", "ok", count)
    if damaged:
        more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        fix = "a resume goes on from the newest whole one before it"
        yield Finding("checkpoints", "wrong", f"damaged: {damaged[0]}{more}", fix)
    if foreign:
        yield Finding(
            "checkpoints",
            "note",
            f"{foreign} {'was' if foreign == 1 else 'were'} not written by this user's engine: shown, "
            "resumed only with --trust",
        )
    unfinished = [session for session in sessions if session.status in ("interrupted", "failed")]
    newest = max(unfinished or sessions, key=lambda session: session.updated)
    try:
        response = SessionLibrary(store, where).look(_newest(store, newest.id)).response
    except UserError as error:
        yield Finding("checkpoints", "wrong", str(error))
        return
    present = f"LLM response present: {response is not None}"
    if unfinished:
        was = "has" if newest.status == "failed" else "is"
        trust = "" if store.is_signed(_newest(store, newest.id)) else " --trust"
        again = f"`playbooks run {newest.program} --resume{trust}` goes on with it"
        yield Finding("checkpoints", "ok", f"{newest.id} {was} {newest.status}, {present}; {again}")
    else:
        yield Finding("checkpoints", "ok", f"newest session {newest.id} is {newest.status}, {present}")


def _newest(store: Store, session: str) -> str:
    """Id of a session's newest checkpoint of an agent's."""
    headers = store.headers(session)
    return next((header.id for header in reversed(headers) if header.agent != "human"), headers[-1].id)


def _model(config: Config, env: Mapping[str, str]) -> Finding:
    settings = config.model_settings()
    chosen = config.is_set("model.provider") or config.is_set("model.name") or config.is_set("model.path")
    try:
        if missing := missing_key(settings, env):
            rest = "" if chosen else " (unless a program's frontmatter names another model)"
            return Finding(
                "model", "wrong" if chosen else "note", f"{settings.provider}/{settings.name}: {missing}{rest}"
            )
        create_model(settings)
    except UserError as error:
        return Finding("model", "wrong", str(error))
    if settings.provider == "script":
        return Finding("model", "ok", f"script {settings.path}: no key needed")
    return Finding("model", "ok", f"{settings.provider}/{settings.name}, with its key")
