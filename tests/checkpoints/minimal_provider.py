"""A provider as another package would bring it: the five calls, and nothing the engine could hold on to besides."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from playbooks.extensions import CheckpointProvider


class MinimalCheckpointProvider(CheckpointProvider):
    """A JSON file a checkpoint, in one folder; every call gives way to others once."""

    def __init__(self, base_path: str | os.PathLike[str]) -> None:
        self._folder = Path(base_path) / "minimal"

    async def save_checkpoint(
        self, checkpoint_id: str, execution_state: dict[str, Any], namespace: dict[str, Any], metadata: dict[str, Any]
    ) -> None:
        text = json.dumps(_packed([execution_state, namespace, metadata]))
        await asyncio.sleep(0)
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{checkpoint_id}.{os.getpid()}.draft"
        draft.write_text(text)
        draft.replace(self._folder / f"{checkpoint_id}.json")

    async def load_checkpoint(self, checkpoint_id: str) -> dict[str, Any] | None:
        await asyncio.sleep(0)
        try:
            held = _unpacked(json.loads((self._folder / f"{checkpoint_id}.json").read_text()))
        except FileNotFoundError:
            return None
        return dict(zip(("execution_state", "namespace", "metadata"), held, strict=True), checkpoint_id=checkpoint_id)

    async def list_checkpoints(self, agent_id: str) -> list[str]:
        await asyncio.sleep(0)
        found = [path.name[:-5] for path in self._folder.glob(f"{agent_id}_ckpt_*.json")]
        return sorted(found, key=lambda name: int(name.rpartition("_")[2]))

    async def delete_checkpoint(self, checkpoint_id: str) -> None:
        await asyncio.sleep(0)
        (self._folder / f"{checkpoint_id}.json").unlink(missing_ok=True)

    async def cleanup_old_checkpoints(self, agent_id: str, keep_last_n: int) -> None:
        ids = await self.list_checkpoints(agent_id)
        for id in ids[:-keep_last_n] if keep_last_n else []:
            await self.delete_checkpoint(id)


def _packed(value: Any) -> Any:
    """What JSON has no word for is tagged."""
    match value:
        case dict():
            return {"dict": [[_packed(key), _packed(item)] for key, item in value.items()]}
        case list():
            return [_packed(item) for item in value]
        case tuple():
            return {"tuple": [_packed(item) for item in value]}
        case bytes():
            return {"bytes": b64encode(value).decode()}
    return value


def _unpacked(value: Any) -> Any:
    match value:
        case {"dict": items}:
            return {_unpacked(key): _unpacked(item) for key, item in items}
        case {"tuple": items}:
            return tuple(_unpacked(item) for item in items)
        case {"bytes": text}:
            return b64decode(text)
        case list():
            return [_unpacked(item) for item in value]
    return value
