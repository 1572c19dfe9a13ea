"""A store in memory for tests: what is written is pickled, as a file would be."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from playbooks.checkpoints.record import Checkpoint
from playbooks.checkpoints.store import Note


class MemoryStore:
    """Keeps checkpoints by id; a copy shares nothing with the original."""

    def __init__(self, held: dict[str, bytes] | None = None) -> None:
        self.held: dict[str, bytes] = dict(held or {})
        self._numbers: dict[str, int] = {}
        self.said: list[Note] = []
        for id in self.held:
            agent, _, number = id.partition("_ckpt_")
            self._numbers[agent] = max(self._numbers.get(agent, 0), int(number))

    def copy(self) -> MemoryStore:
        return MemoryStore(self.held)

    def next_number(self, agent: str) -> int:
        self._numbers[agent] = self._numbers.get(agent, 0) + 1
        return self._numbers[agent]

    def new_session_id(self) -> str:
        return "s1"

    def write(self, checkpoint: Checkpoint) -> None:
        assert checkpoint.header.id not in self.held
        self.held[checkpoint.header.id] = pickle.dumps(checkpoint)

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None:
        for checkpoint in checkpoints:
            self.write(checkpoint)

    def note(self, session: str, kind: str, data: dict[str, Any]) -> None:
        self.said.append(Note(kind, dict(data), True))

    def notes(self, session: str, kind: str) -> list[Note]:
        return [note for note in self.said if note.kind == kind]

    def clear_notes(self, session: str, kind: str) -> None:
        self.said = [note for note in self.said if note.kind != kind]

    def read(self, id: str) -> Checkpoint:
        checkpoint: Checkpoint = pickle.loads(self.held[id])
        return checkpoint
