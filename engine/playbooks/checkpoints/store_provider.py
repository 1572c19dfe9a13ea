"""The five public calls over a store: what other programs save and load, by the records that the engine writes.

Apart from the providers because how values become plain data does not depend on where they are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final, Protocol

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.codec import decode, encode
from playbooks.checkpoints.ids import ID
from playbooks.checkpoints.plain import NotPlain, to_plain
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.checkpoints.record_file import LATEST_S
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.extensions.provider import CheckpointProvider
from playbooks.state import ProgramState

_ENCODED: Final = "__encoded__"
"""The one key of a dict that stands for one that is no plain data."""


class ListingStore(Store, Protocol):
    """A store that can also list an agent's checkpoints."""

    def ids(self, agent: str) -> list[str]:
        """Ids of an agent's checkpoints, by number."""
        ...


class StoreProvider(CheckpointProvider):
    """Checkpoints in a store.

    Values of builtin types come back as they were, aliases and cycles included. Instances, functions and what can't be
    stored come back as data to be looked at (`playbooks.checkpoints.codec.Record`): loading runs nothing.

    Args:
        store: Where.
        max_size_mb: Megabytes that one value may take; a larger one is replaced by a marked placeholder.
    """

    def __init__(self, store: ListingStore, max_size_mb: float) -> None:
        self._store = store
        self._limit = int(min(max_size_mb * 1e6, sys.maxsize))

    async def save_checkpoint(
        self, checkpoint_id: str, execution_state: dict[str, Any], namespace: dict[str, Any], metadata: dict[str, Any]
    ) -> None:
        """See `CheckpointProvider.save_checkpoint`.

        Raises:
            ValueError: The id is not `<agent>_ckpt_<n>`.
        """
        found = ID.fullmatch(checkpoint_id)
        if found is None:
            raise ValueError(f"a checkpoint id is <agent>_ckpt_<n>, not {checkpoint_id!r}")
        given = (execution_state, namespace, metadata)
        (state, names, about), degraded = _plain_all(given, self._limit)
        number = int(found["number"])
        header = Header(
            checkpoint_id,
            found["agent"],
            number,
            "",
            number,
            "",
            "main",
            0,
            _text(metadata, "statement"),
            "await",
            time=_number(metadata, "timestamp"),
            degraded=degraded,
        )
        self._store.replace(Checkpoint(header, execution_state=state, namespace=names, metadata=about))

    async def load_checkpoint(self, checkpoint_id: str) -> dict[str, Any] | None:
        """See `CheckpointProvider.load_checkpoint`. Of a checkpoint that the engine made, `metadata` holds its header,
        `counter`, `execution_id`, `timestamp`, `call_stack`, `llm_response` and `executed_code`; `namespace` the
        variables."""
        try:
            checkpoint, trusted = self._store.read_signed(checkpoint_id)
        except UnknownCheckpoint:
            return None
        if checkpoint.metadata is not None:
            state, names, about = (
                _value(part, trusted)
                for part in (checkpoint.execution_state, checkpoint.namespace, checkpoint.metadata)
            )
        else:
            state, names, about = _of_engine(self._store, checkpoint, trusted)
        return {"checkpoint_id": checkpoint_id, "execution_state": state, "namespace": names, "metadata": about}

    async def list_checkpoints(self, agent_id: str) -> list[str]:
        """See `CheckpointProvider.list_checkpoints`."""
        return self._store.ids(agent_id)

    async def delete_checkpoint(self, checkpoint_id: str) -> None:
        """See `CheckpointProvider.delete_checkpoint`."""
        if ID.fullmatch(checkpoint_id):
            self._store.delete([checkpoint_id])

    async def cleanup_old_checkpoints(self, agent_id: str, keep_last_n: int) -> None:
        """See `CheckpointProvider.cleanup_old_checkpoints`."""
        if keep_last_n > 0:
            self._store.delete(self._store.ids(agent_id)[:-keep_last_n])


def _plain_all(given: tuple[dict[str, Any], ...], limit: int) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
    """The parts of a checkpoint as plain data, and what of them could not be stored."""
    parts: list[dict[str, Any]] = []
    degraded: tuple[str, ...] = ()
    for value in given:
        try:
            if _ENCODED not in value and len(to_plain(value)) <= limit:
                parts.append(value)
                continue
        except (NotPlain, RecursionError):
            pass
        encoded = encode(dict(value), named=True, limit=limit)
        parts.append({_ENCODED: encoded.data})
        degraded += encoded.degraded
    return tuple(parts), degraded


def _value(part: dict[str, Any] | None, trusted: bool) -> Any:
    if part is not None and part.keys() == {_ENCODED}:
        return decode(part[_ENCODED], trusted=trusted)
    return part if part is not None else {}


def _text(metadata: Mapping[str, Any], name: str) -> str:
    value = metadata.get(name)
    return value if type(value) is str else ""


def _number(metadata: Mapping[str, Any], name: str) -> float:
    value = metadata.get(name)
    return float(value) if isinstance(value, (int, float)) and abs(value) < LATEST_S else 0.0


def _of_engine(
    store: Store, checkpoint: Checkpoint, trusted: bool
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What a reader expects, from the state that the checkpoint and those before it add up to."""
    header = checkpoint.header
    about = {name: getattr(header, name) for name in Header.__struct_fields__}
    about |= {"counter": header.number, "execution_id": header.session, "timestamp": header.time}
    about |= {"call_stack": [], "llm_response": None, "executed_code": ""}
    written = {name: getattr(checkpoint, name) for name in ("events", "merged", "base", "span")}
    try:
        state = fold(store.read, header.id).state
    except (Damaged, UnknownCheckpoint, ValueError):
        return written, {}, about  # the rest of its chain is gone: what it holds itself is still given
    frames = _stack(state, header.agent)
    about["call_stack"] = [state.frame(frame).playbook for frame in frames]
    about["llm_response"] = next((state.response[frame] for frame in reversed(frames) if frame in state.response), None)
    if header.line and about["llm_response"]:
        about["executed_code"] = "\n".join(about["llm_response"].split("\n")[: header.line])
    names = {name: decode(data, trusted=trusted) for name, data in state.variables.get(header.agent, {}).items()}
    return written, names, about


def _stack(state: ProgramState, agent: str) -> list[int]:
    """An agent's frames that have not returned, outermost first."""
    own = [frame for frame, row in state.frames.items() if row[0] == agent and frame not in state.returned]
    return state.stack(max(own)) if own else []
