"""The provider as other programs use it, and the registry that finds it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from typing import Any

import pytest
from checkpoints.worlds import Order

from playbooks.checkpoints import FilesystemCheckpointProvider
from playbooks.checkpoints.codec import Record
from playbooks.checkpoints.store import Damaged
from playbooks.extensions import CheckpointProvider
from playbooks.extensions.registry import ExtensionRegistry


def save(provider: CheckpointProvider, *numbers: int, **namespace: Any) -> None:
    for number in numbers:
        about = {"statement": f"await S({number})", "counter": number}
        asyncio.run(provider.save_checkpoint(f"1000_ckpt_{number}", {"at": (1, [2])}, namespace, about))


def load(provider: CheckpointProvider, id: str) -> Any:
    return asyncio.run(provider.load_checkpoint(id))


def test_what_was_saved_is_loaded_by_another_provider() -> None:
    shared = [1]
    save(FilesystemCheckpointProvider(), 1, a=shared, b={"same": shared}, c={1, 2})
    found = load(FilesystemCheckpointProvider(), "1000_ckpt_1")
    assert found == {
        "checkpoint_id": "1000_ckpt_1",
        "execution_state": {"at": (1, [2])},
        "namespace": {"a": [1], "b": {"same": [1]}, "c": {1, 2}},
        "metadata": {"statement": "await S(1)", "counter": 1},
    }
    assert found["namespace"]["a"] is found["namespace"]["b"]["same"]


def test_instances_come_back_as_data_and_nothing_of_theirs_runs() -> None:
    order = Order([90])
    Order.calls = []
    save(FilesystemCheckpointProvider(), 1, order=order)
    found = load(FilesystemCheckpointProvider(), "1000_ckpt_1")["namespace"]["order"]
    assert type(found) is Record and found.attributes == {"tag": [90]} and not Order.calls


def test_what_can_not_be_stored_and_what_is_too_large_is_marked_and_the_rest_kept() -> None:
    with socket.socket() as connection:
        save(FilesystemCheckpointProvider(max_size_mb=0.001), 1, conn=connection, big="x" * 2000, small=1)
    found = load(FilesystemCheckpointProvider(), "1000_ckpt_1")["namespace"]
    assert found["small"] == 1
    assert "socket" in repr(found["conn"]) and "max_checkpoint_size_mb" in repr(found["big"])


def test_checkpoints_are_listed_by_number_and_the_newest_are_kept() -> None:
    provider = FilesystemCheckpointProvider()
    save(provider, 10, 2, 1)
    assert asyncio.run(provider.list_checkpoints("1000")) == ["1000_ckpt_1", "1000_ckpt_2", "1000_ckpt_10"]
    asyncio.run(provider.delete_checkpoint("1000_ckpt_1"))
    asyncio.run(provider.delete_checkpoint("1000_ckpt_1"))
    asyncio.run(provider.cleanup_old_checkpoints("1000", 0))
    assert asyncio.run(provider.list_checkpoints("1000")) == ["1000_ckpt_2", "1000_ckpt_10"]
    asyncio.run(provider.cleanup_old_checkpoints("1000", 1))
    assert asyncio.run(provider.list_checkpoints("1000")) == ["1000_ckpt_10"]
    assert asyncio.run(provider.list_checkpoints("1001")) == []


def test_saving_again_replaces_the_checkpoint() -> None:
    provider = FilesystemCheckpointProvider()
    save(provider, 1, a=1)
    save(provider, 1, a=2)
    assert load(provider, "1000_ckpt_1")["namespace"] == {"a": 2}


def test_a_missing_checkpoint_is_none_and_a_damaged_one_is_named() -> None:
    provider = FilesystemCheckpointProvider()
    save(provider, 1)
    assert load(provider, "1000_ckpt_2") is None and load(provider, "../1") is None
    with open(".checkpoints/1000/1000_ckpt_1.pkl", "r+b") as file:
        file.truncate(20)
    with pytest.raises(Damaged, match="1000_ckpt_1"):
        load(provider, "1000_ckpt_1")


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="_ckpt_"):
        asyncio.run(FilesystemCheckpointProvider().save_checkpoint("../x", {}, {}, {}))


def test_the_guide_s_check_of_the_registry_says_what_the_guide_says() -> None:
    code = (
        "import playbooks.checkpoints\n"
        "from playbooks.extensions.registry import ExtensionRegistry\n"
        "print('Provider registered:', ExtensionRegistry.has_checkpoint_provider())\n"
        "print('Provider class:', ExtensionRegistry._checkpoint_provider_class.__name__)\n"
    )
    env = {"PYTHONPATH": ":".join(sys.path)}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    assert out == "Provider registered: True\nProvider class: FilesystemCheckpointProvider\n"


def test_another_package_s_provider_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(FilesystemCheckpointProvider):
        pass

    monkeypatch.setattr(ExtensionRegistry, "_checkpoint_provider_class", None)
    assert not ExtensionRegistry.has_checkpoint_provider()
    ExtensionRegistry.register_checkpoint_provider(Other)
    assert ExtensionRegistry._checkpoint_provider_class is Other
    with pytest.raises(TypeError, match="CheckpointProvider"):
        ExtensionRegistry.register_checkpoint_provider(int)  # type: ignore[arg-type]


def test_a_provider_that_no_package_offers_is_not_found() -> None:
    with pytest.raises(LookupError, match="nosuch"):
        ExtensionRegistry.find_checkpoint_provider("nosuch")


@pytest.mark.parametrize("timestamp", [float("nan"), float("inf"), -1e300, 10**400, "now", None])
def test_a_checkpoint_is_loaded_again_whatever_its_timestamp_is(timestamp: object) -> None:
    provider = FilesystemCheckpointProvider()
    asyncio.run(provider.save_checkpoint("1000_ckpt_1", {}, {}, {"timestamp": timestamp}))
    found = load(provider, "1000_ckpt_1")["metadata"]["timestamp"]
    assert found == timestamp or found != found
