"""What lies beside the checkpoints of a run: no more of it than a resume can need, and at no moment less."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from runtime.memory_store import MemoryStore

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.facts import INTENTS
from playbooks.runtime import journal as journals
from playbooks.runtime.journal import Journal
from playbooks.state import ProgramState


class Watched(MemoryStore):
    """Remembers the fewest notes of one that are there at any moment."""

    def __init__(self, after: str) -> None:
        super().__init__()
        self.after, self.least = after, 1

    def clear_notes(self, session: str, kind: str) -> None:
        super().clear_notes(session, kind)
        self.least = min(self.least, sum(note.data.get("after") == self.after for note in self.said))


@pytest.mark.parametrize(("others", "least"), [(["human_ckpt_1"], 1), ([], 0)], ids=["another branch's", "nobody's"])
def test_what_is_noted_stays_for_another_branch_and_else_goes_now_and_then(
    monkeypatch: pytest.MonkeyPatch, others: list[str], least: int
) -> None:
    monkeypatch.setattr(journals, "_MOST_INTENTS", 4)
    store: Any = Watched("human_ckpt_1")
    begun = Journal(ProgramState(), store, itertools.count().__next__)
    begun.commit("human", "start", "")
    begun.intend({"what": "tool"}, outside=True)
    folded = fold(store.read, "human_ckpt_1")
    journal = Journal(folded.state, store, itertools.count().__next__)
    journal.go_on(folded.header, folded.windows, 1, "fork-1", others)
    held = []
    for _ in range(100):
        journal.intend({"what": "tool"})
        journal.commit("1000", "tool", "await Charge(1)")
        held.append(len(store.notes("s1", INTENTS)))
    assert store.least == least
    assert max(held) <= (101 if others else 5)
