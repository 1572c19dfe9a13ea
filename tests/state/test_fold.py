"""State is the fold of events, however the events are merged on the way."""

from __future__ import annotations

import pickle
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from playbooks.checkpoints.chain import Windows, fold
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.state import Changes, Event, ProgramState, from_builtins, reduce, to_builtins
from playbooks.state import events as e
from playbooks.state.changes import Write, apply, apply_merged

ROOT: list[Event] = [
    e.SessionStarted("hash", ("a.pb",), (("a.pb", "# A"),), ""),
    e.AgentCreated("1000", "A"),
    e.AgentCreated("1001", "B"),
    e.FrameEntered(1, "1000", "Main", b""),
]


class Chain:
    """A branch grown at random, with the state that its events lead to."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.held: dict[str, bytes] = {}
        self.state = ProgramState()
        self._put(self._header(0), ROOT, None, "", 1)
        for event in ROOT:
            apply(self.state.tables, reduce(self.state, event))
        self.windows = Windows("c0")
        self.depth, self.frames, self.last_frame, self.messages = 0, [1], 1, 0

    def read(self, id: str) -> Checkpoint:
        checkpoint: Checkpoint = pickle.loads(self.held[id])
        return checkpoint

    def grow(self) -> str:
        self.depth += 1
        events = [event for _ in range(self.pick.randint(1, 4)) if (event := self._event()) is not None]
        merged, base, span = self.windows.close(self.depth, f"c{self.depth}", f"c{self.depth - 1}")
        self._put(self._header(self.depth), events, merged, base, span)
        return f"c{self.depth}"

    def _header(self, depth: int) -> Header:
        parent = f"c{depth - 1}" if depth else ""
        return Header(f"c{depth}", "1000", depth, "s1", depth + 1, parent, "main", depth, "", "say")

    def _put(self, header: Header, events: list[Event], merged: Changes | None, base: str, span: int) -> None:
        checkpoint = Checkpoint(header, to_builtins(events), merged.tables if merged else None, base, span)
        self.held[header.id] = pickle.dumps(checkpoint)

    def _event(self) -> Event | None:
        event = self._drawn()
        if event is not None:
            self.windows.fold(self.state, event)
            self.frames = [frame for frame in self.frames if frame in self.state.frames]
        return event

    def _drawn(self) -> Event | None:
        pick = self.pick
        frame = pick.choice(self.frames)
        place: tuple[Any, ...] = (frame, self.state.progress_of(frame).unit, (), pick.randint(0, 3))
        match pick.randint(0, 10):
            case 0:
                return e.EffectBegan(*place, self.depth * 2, "Say", "")
            case 1:
                return e.EffectEnded(*place, self.depth * 2 + 1, True, b"N.")
            case 2:
                name = f"v{pick.randint(0, 5)}"
                return e.UnitEnded(frame, self.depth, None, ((name, pick.choice([None, b"1", b"2"])),))
            case 3:
                self.last_frame += 1
                self.frames.append(self.last_frame)
                return e.FrameEntered(self.last_frame, "1000", "P", b"", *place)
            case 4 if len(self.frames) > 1:
                return e.FrameDropped(pick.choice(self.frames[1:]))
            case 5:
                self.messages += 1
                return e.MessageSent(self.messages, "1000", ("1001",), "text")
            case 6 if self.state.inbox.get("1001"):
                return e.MessagesTaken("1001", tuple(sorted(self.state.inbox["1001"]))[:2])
            case 7:
                return e.EffectCancelled(*place)
            case 8:
                return e.VariableWritten("1000", f"a{pick.randint(0, 3)}", pick.choice([None, b"3", b"4"]))
            case 9:
                return e.VariableRead(*place, f"a{pick.randint(0, 3)}")
            case _:
                return e.Noted(frame, "result", "gave 3")


@given(st.integers(0, 2**32), st.integers(1, 150))
def test_the_fold_of_any_checkpoint_is_the_state_that_was_live_then(seed: int, length: int) -> None:
    chain = Chain(seed)
    for _ in range(length):
        id = chain.grow()
        if chain.pick.random() < 0.2:
            assert fold(chain.read, id).state == chain.state
    assert fold(chain.read, id).state == chain.state


@given(st.integers(0, 2**32), st.integers(1, 120))
def test_a_chain_gone_on_with_after_a_restore_folds_as_one_that_never_stopped(seed: int, length: int) -> None:
    chain = Chain(seed)
    for _ in range(length):
        id = chain.grow()
        if chain.pick.random() < 0.3:
            folded = fold(chain.read, id)
            chain.state, chain.windows = folded.state, folded.windows
    live = chain.state
    assert fold(chain.read, id).state == live


def test_a_fold_reads_a_few_dozen_files_however_long_the_chain() -> None:
    chain = Chain(1)
    for _ in range(3000):
        id = chain.grow()
    read: list[str] = []

    def reading(id: str) -> Checkpoint:
        read.append(id)
        return chain.read(id)

    assert fold(reading, id).state == chain.state
    assert len(read) <= 3 * 31 + 1


@given(st.integers(0, 2**32))
def test_events_come_back_from_a_file_as_they_were(seed: int) -> None:
    chain = Chain(seed)
    events = [event for _ in range(30) if (event := chain._event()) is not None]
    stored = pickle.loads(pickle.dumps(to_builtins(events)))
    assert from_builtins(stored) == events


def test_what_came_and_went_within_a_window_leaves_no_trace_in_its_merge() -> None:
    state, changes = ProgramState(), Changes()
    events: list[Event] = [
        *ROOT,
        e.EffectBegan(1, 0, (), 0, 1, "Say", ""),
        e.EffectEnded(1, 0, (), 0, 2, True, b"N."),
        e.UnitEnded(1, 1, None),
        e.FrameEntered(2, "1000", "P", b"", 1, 1, (), 0),
        e.FrameDropped(2),
    ]
    for event in events:
        writes = reduce(state, event)
        changes.add(writes, state.tables)
        apply(state.tables, writes)
    assert (1, 0) not in changes.tables["record"]
    assert 2 not in changes.tables["frames"]
    assert changes.tables["frames"].keys() == {1}


_KEY = st.integers(0, 4)
_WRITE: st.SearchStrategy[Write] = st.one_of(
    st.tuples(st.just("flat"), _KEY, st.none() | st.integers()),
    st.tuples(st.just("nested"), _KEY, _KEY, st.none() | st.integers()),
    st.tuples(st.just("nested"), _KEY, st.none()),
)


@given(st.lists(_WRITE, max_size=30), st.lists(_WRITE, max_size=30), st.lists(_WRITE, max_size=30))
def test_a_merge_taken_a_table_at_a_time_is_its_writes(
    first: list[Write], window: list[Write], more: list[Write]
) -> None:
    def state() -> dict[str, dict[object, object]]:
        tables: dict[str, dict[object, object]] = {"flat": {}, "nested": {}}
        apply(tables, first)
        return tables

    later, live = Changes(), state()
    for write in window:
        later.add([write], live)
        apply(live, [write])
    one, other = Changes(), Changes()
    at_once, one_by_one = state(), state()
    one.add_merged(later.tables, at_once)
    apply_merged(at_once, later.tables)
    for write in later.writes():
        other.add([write], one_by_one)
        apply(one_by_one, [write])
    assert at_once == one_by_one
    for write in more:
        one.add([write], at_once)
        apply(at_once, [write])
        other.add([write], one_by_one)
        apply(one_by_one, [write])
    assert at_once == one_by_one
    assert {name: table for name, table in one.tables.items() if table} == {
        name: table for name, table in other.tables.items() if table
    }
