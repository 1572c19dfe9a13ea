"""Sessions grown at random: branches, forks, agents by turns, resumes; with the state each checkpoint was made at."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.live_retention import LiveRetention
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.checkpoints.store import Damaged, NumberTaken, UnknownCheckpoint
from playbooks.runtime.journal import Journal
from playbooks.state import Event, ProgramState
from playbooks.state import events as e


class Stopped(BaseException):
    """The process was killed here."""


class MemoryStore:
    """One session's checkpoints in memory, deleted one by one; stops at a given write, as a kill would."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.numbers: dict[str, int] = {}
        self.marked: dict[str, str] = {}
        self.foreign: set[str] = set()
        self.broken: set[str] = set()
        self.writes_left = 1 << 60
        self.reads = 0

    def _write(self) -> None:
        if not self.writes_left:
            raise Stopped
        self.writes_left -= 1

    def new_session_id(self) -> str:
        return "s1"

    def next_number(self, agent: str) -> int:
        self.numbers[agent] = self.numbers.get(agent, 0) + 1
        return self.numbers[agent]

    def write(self, checkpoint: Checkpoint) -> None:
        if checkpoint.header.id in self.held:
            raise NumberTaken(checkpoint.header.id)
        self.replace(checkpoint)

    def write_group(self, checkpoints: Sequence[Checkpoint]) -> None:
        for checkpoint in checkpoints:
            self.write(checkpoint)

    def replace(self, checkpoint: Checkpoint) -> None:
        self._write()
        self.held[checkpoint.header.id] = pickle.dumps(checkpoint)

    def read(self, id: str) -> Checkpoint:
        return self.read_signed(id)[0]

    def read_signed(self, id: str) -> tuple[Checkpoint, bool]:
        self.reads += 1
        if id not in self.held:
            raise UnknownCheckpoint(id, "memory")
        if id in self.broken:
            raise Damaged(id, id, "altered")
        checkpoint: Checkpoint = pickle.loads(self.held[id])
        return checkpoint, id not in self.foreign

    def headers(self, session: str | None = None) -> list[Header]:
        return sorted((pickle.loads(data).header for data in self.held.values()), key=lambda header: header.sequence)

    def labels(self, session: str) -> dict[str, str]:
        return dict(self.marked)

    def clear_notes(self, session: str, kind: str | None) -> None:
        self.marked.clear()

    def delete(self, ids: Iterable[str]) -> None:
        for id in ids:
            self._write()
            del self.held[id]

    @contextmanager
    def lock(self, session: str) -> Iterator[None]:
        yield


class Tree:
    """A session that grows by `grow`, leaves itself by `fork`, and is gone on with by `resume`."""

    def __init__(self, seed: int, keep: int = 0, agents: Sequence[str] = ("1000", "1000", "1001", "human")) -> None:
        self.pick, self.agents = random.Random(seed), agents
        self.store: Any = MemoryStore()
        self.states: dict[str, bytes] = {}
        """Checkpoint → the state that was live then."""
        self.heads: dict[str, str] = {}
        """Branch → its newest checkpoint."""
        self.keep, self.sequence, self.messages, self.frames = keep, 0, 0, 1
        self.journal = self._journal(ProgramState())
        for event in (
            e.SessionStarted("hash", ("a.pb",), (("a.pb", "# A"),), ""),
            e.AgentCreated("1000", "A"),
            e.AgentCreated("1001", "B"),
            e.FrameEntered(1, "1000", "Main", b""),
        ):
            self.journal.emit(event)
        self.journal.commit("human", "start", "")
        self.states["human_ckpt_1"] = pickle.dumps(self.journal.state.tables)
        self.grow()

    def _journal(self, state: ProgramState) -> Journal:
        journal = Journal(state, self.store, lambda: 1.5)
        self.retention = LiveRetention(self.store, self.keep, self.store.headers()) if self.keep else None
        journal.retention = self.retention
        return journal

    def grow(self, kind: Any = "say") -> str:
        """The next checkpoint of the branch at hand."""
        for _ in range(self.pick.randint(0, 3)):
            event = self._event()
            if event is not None:
                self.journal.emit(event)
        agent = self.pick.choice(self.agents)
        header = self.journal.commit(agent, kind, "await S()")
        self.states[header.id] = pickle.dumps(self.journal.state.tables)
        self.heads[header.branch] = header.id
        self.sequence = header.sequence
        return header.id

    def fork(self) -> None:
        """A new branch, from anywhere after the start."""
        ids = [header.id for header in self.store.headers() if header.kind != "start"]
        self._go_on(self.pick.choice(ids), f"fork-{len(self.heads)}")
        self.grow(self.pick.choice(("fork", "say")))

    def resume(self) -> None:
        """Another process goes on with a branch."""
        branch = self.pick.choice(sorted(self.heads))
        self._go_on(self.heads[branch], branch)

    def _go_on(self, id: str, branch: str) -> None:
        folded = fold(self.store.read, id)
        self.journal = self._journal(folded.state)
        self.journal.go_on(folded.header, folded.windows, self.sequence, branch)

    def label(self) -> None:
        """Labels any checkpoint."""
        self.store.marked[self.pick.choice(sorted(self.store.held))] = "kept"

    def state_of(self, id: str) -> ProgramState:
        """What was live when a checkpoint was made."""
        state = ProgramState()
        for name, table in pickle.loads(self.states[id]).items():
            state.tables[name].update(table)
        return state

    def check(self) -> None:
        """Every checkpoint that is there folds to what it was."""
        for id in self.store.held:
            assert fold(self.store.read, id).state == self.state_of(id), id

    def _event(self) -> Event | None:
        pick, state = self.pick, self.journal.state
        frame = pick.choice(sorted(state.frames))
        place: tuple[Any, ...] = (frame, state.progress_of(frame).unit, (), pick.randint(0, 3))
        match pick.randint(0, 8):
            case 0:
                return e.EffectBegan(*place, self.sequence, "Say", "")
            case 1:
                return e.EffectEnded(*place, self.sequence + 1, True, b"N.")
            case 2:
                return e.UnitEnded(frame, self.sequence, None, ((f"v{pick.randint(0, 3)}", pick.choice([None, b"1"])),))
            case 3:
                self.frames += 1
                return e.FrameEntered(self.frames, "1000", "P", b"", *place)
            case 4 if frame != 1:
                return e.FrameDropped(frame)
            case 5:
                self.messages += 1
                return e.MessageSent(self.messages, "1000", ("1001",), "text")
            case 6 if state.inbox.get("1001"):
                return e.MessagesTaken("1001", tuple(sorted(state.inbox["1001"]))[:2])
            case 7:
                return e.VariableWritten("1000", f"a{pick.randint(0, 3)}", pick.choice([None, b"3", b"4"]))
            case _:
                return e.Noted(frame, "result", "gave 3")


def grown(seed: int, length: int, keep: int = 0) -> Tree:
    """A tree of some length, grown in every way there is."""
    tree = Tree(seed, keep)
    for _ in range(length):
        chance = tree.pick.random()
        if chance < 0.03:
            tree.fork()
        elif chance < 0.06:
            tree.resume()
        elif chance < 0.08:
            tree.label()
        else:
            tree.grow()
    return tree
