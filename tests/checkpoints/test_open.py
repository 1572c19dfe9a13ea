"""From a provider's name to a store: ours, another package's, and what is told when there is none."""

from __future__ import annotations

import asyncio
import threading
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from checkpoints.minimal_provider import MinimalCheckpointProvider
from checkpoints.records import begin, checkpoint

from playbooks.checkpoints import open_store
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.provider_store import ProviderStore
from playbooks.checkpoints.sqlite import SQLiteStore
from playbooks.checkpoints.store import Damaged, StorageError
from playbooks.errors import UserError
from playbooks.extensions import CheckpointProvider
from playbooks.extensions.registry import ExtensionRegistry


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(ExtensionRegistry, "_named", dict(ExtensionRegistry._named))
    monkeypatch.setattr(ExtensionRegistry, "_checkpoint_provider_class", ExtensionRegistry._checkpoint_provider_class)


def installed(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A package that offers a provider called `far`."""
    offered = EntryPoint("far", value, "playbooks.checkpoint_providers")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group, name="far": [offered] if name == "far" else [])


def test_ours_are_found_by_name_and_kept_where_it_was_said() -> None:
    assert isinstance(open_store(), FileStore)
    store = open_store("sqlite", "kept", fsync=True)
    assert isinstance(store, SQLiteStore) and store.path == Path("kept/checkpoints.db")


def test_an_unknown_name_is_one_line_with_those_there_are() -> None:
    ExtensionRegistry.register_checkpoint_provider(MinimalCheckpointProvider)
    with pytest.raises(UserError) as told:
        open_store("nosuch", config_file="playbooks.toml")
    assert str(told.value).startswith('playbooks.toml: there is no checkpoint provider "nosuch"; ')
    assert all(f'"{name}"' in str(told.value) for name in ("filesystem", "minimal", "sqlite"))


def test_a_registered_provider_is_found_by_its_own_name_or_a_given_one() -> None:
    ExtensionRegistry.register_checkpoint_provider(MinimalCheckpointProvider)
    ExtensionRegistry.register_checkpoint_provider(MinimalCheckpointProvider, "json")
    assert ExtensionRegistry._checkpoint_provider_class is MinimalCheckpointProvider
    for name in ("minimal", "json"):
        assert isinstance(open_store(name), ProviderStore)


def test_a_provider_of_an_installed_package_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "checkpoints.minimal_provider:MinimalCheckpointProvider")
    store = open_store("far", "kept")
    begin_in(store)
    assert Path("kept/minimal/1000_ckpt_1.json").exists()
    store.close()


@pytest.mark.parametrize("value", ["no.such.module:Provider", "checkpoints.records:begin"])
def test_a_package_whose_provider_can_not_be_used_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    installed(monkeypatch, value)
    with pytest.raises(UserError, match='the checkpoint provider "far" can\'t be loaded') as told:
        open_store("far")
    assert "\n" not in str(told.value)


def test_a_provider_is_given_what_it_asks_for_and_one_that_fails_is_named() -> None:
    class Asking(MinimalCheckpointProvider):
        def __init__(self, base_path: str, *, max_size_mb: float) -> None:
            super().__init__(base_path)
            assert max_size_mb == 3

    class Demanding(MinimalCheckpointProvider):
        def __init__(self, url: str) -> None:
            super().__init__(url)

    assert isinstance(open_store(Asking, "kept", max_size_mb=3), ProviderStore)
    with pytest.raises(UserError, match="Demanding can't be made"):
        open_store(Demanding)


def begin_in(store: Any) -> None:
    begin(store)


class Watched(MinimalCheckpointProvider):
    """Notes on which threads and loops it runs, and refuses when told to."""

    seen: set[tuple[int, int]] = set()
    refuses = False

    async def save_checkpoint(self, *given: Any, **more: Any) -> None:
        self.seen.add((threading.get_ident(), id(asyncio.get_running_loop())))
        if self.refuses:
            raise ConnectionError("the server\nis gone")
        await super().save_checkpoint(*given, **more)


def test_five_calls_run_on_one_thread_and_loop_of_their_own_also_from_within_a_loop() -> None:
    Watched.seen = set()

    async def inside() -> None:
        store = open_store(Watched, "kept")
        begin_in(store)
        store.close()

    asyncio.run(inside())
    ((thread, _),) = Watched.seen
    assert thread != threading.get_ident()
    assert not [t for t in threading.enumerate() if t.name == "checkpoint-provider"]


def test_what_a_provider_raises_is_one_line_and_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(Watched, "kept")
    begin_in(store)
    monkeypatch.setattr(Watched, "refuses", True)
    with pytest.raises(StorageError) as told:
        store.write(checkpoint(store.next_number("1000"), 3))
    assert "ConnectionError: the server" in str(told.value) and "\n" not in str(told.value)
    assert [header.sequence for header in store.headers("s1")] == [1, 2]
    store.close()


def test_what_a_provider_gives_back_otherwise_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(MinimalCheckpointProvider, "kept")
    begin_in(store)
    path = Path("kept/minimal/1000_ckpt_1.json")
    held = path.read_text()
    for spoiled in (held.replace('"bytes": "g', '"bytes": "h'), held.replace('"record"', '"other"')):
        assert spoiled != held
        path.write_text(spoiled)
        with pytest.raises(Damaged, match="1000_ckpt_1"):
            store.read("1000_ckpt_1")
    assert [found.id for found in store.damaged()] == ["1000_ckpt_1"]
    store.close()


def test_what_lies_beside_a_provider_can_be_lost_and_no_number_is_used_again() -> None:
    store = open_store(MinimalCheckpointProvider, "kept")
    begin_in(store)
    before = store.headers()
    store.close()
    for path in Path("kept").glob("*.db*"):
        path.unlink()
    other = open_store(MinimalCheckpointProvider, "kept")
    assert other.headers() == before and other.new_session_id() == "s2"
    assert other.next_number("1000") == 2
    other.close()


def test_a_provider_is_no_provider_without_the_five_calls() -> None:
    with pytest.raises(TypeError, match="abstract"):
        CheckpointProvider()  # type: ignore[abstract]


@pytest.mark.parametrize("provider", ["filesystem", "sqlite", "far"])
def test_the_newest_time_is_that_of_the_checkpoint_written_last(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "checkpoints.minimal_provider:MinimalCheckpointProvider")
    store: Any = open_store(provider, "kept")
    assert store.newest_time() == 0
    for session in ("s1", "s2"):
        begin(store, session)
        for sequence in range(3, 6):
            store.write(checkpoint(store.next_number("1000"), sequence, session=session))
    assert store.newest_time() == store.headers("s2")[-1].time
    store.delete([store.headers("s2")[-1].id, store.headers("s1")[-1].id])
    assert store.newest_time() == store.headers("s2")[-1].time == checkpoint(1, 4).header.time
    store.close()
