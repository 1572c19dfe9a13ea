"""Turns of a loop become one event, and come to the same state as one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from playbooks.state import Event, ProgramState, from_builtins, reduce, to_builtins
from playbooks.state import events as e
from playbooks.state.changes import apply
from playbooks.state.turns import take_up


def folded(events: list[Event]) -> dict[str, Any]:
    state = ProgramState()
    for frame in (1, 2):
        apply(state.tables, reduce(state, e.FrameEntered(frame, "1000", "Main", None)))
    for event in events:
        apply(state.tables, reduce(state, event))
    return state.tables


def joined(events: list[Event]) -> list[Event]:
    pending: list[Event] = []
    for event in events:
        take_up(pending, event)
    return pending


values = st.none() | st.binary(max_size=2)
steps = st.one_of(
    st.tuples(
        st.just("end"),
        st.sampled_from([1, 1, 1, 2]),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from(["turn", "turn", "turn", "else", None]),
        st.dictionaries(st.sampled_from(["n", "m", "n m"]), values, max_size=2),
    ),
    st.tuples(st.just("write"), st.sampled_from(["x", "y"]), values),
    st.tuples(st.just("read"), st.sampled_from([1, 1, 2]), st.sampled_from(["x", "y"])),
    st.tuples(st.just("sync"), st.sampled_from([1, 1, 2])),
    st.tuples(st.just("note"), st.sampled_from([1, 2])),
)


@given(st.lists(steps, max_size=40))
def test_events_come_to_the_same_state_with_their_turns_joined(happened: list[Any]) -> None:
    events: list[Event] = []
    unit = {1: 0, 2: 0}
    for what, *rest in happened:
        match what, rest:
            case "end", [frame, offset, stage, names]:
                events.append(e.UnitEnded(frame, offset, stage, tuple(names.items())))
                unit[frame] += 1
            case "write", [name, data]:
                events.append(e.VariableWritten("1000", name, data))
            case "read", [frame, name]:
                events.append(e.VariableRead(frame, unit[frame], (), 0, name))
            case "sync", [frame]:
                events.append(e.SyncDone(frame, unit[frame], (), 0, 0, "time", b""))
            case "note", [frame]:
                events.append(e.Noted(frame, "called", "f()"))
    kept = joined(events)
    assert folded(kept) == folded(events)
    assert from_builtins(to_builtins(kept)) == kept


def test_a_loop_of_any_length_is_one_event_with_what_it_set_last() -> None:
    events: list[Event] = []
    for turn in range(1000):
        events.append(e.VariableRead(1, turn, (), 0, "x"))
        events.append(e.VariableWritten("1000", "x", b"%d" % turn))
        events.append(e.UnitEnded(1, 3, "turn", (("n", b"%d" % turn),)))
    assert joined(events) == [
        e.VariableRead(1, 0, (), 0, "x"),
        e.VariableWritten("1000", "x", b"999"),
        e.UnitsEnded(1, 3, "turn", (("n", b"999"),), 1000),
    ]


def test_what_else_happens_between_two_turns_keeps_them_apart() -> None:
    turn = e.UnitEnded(1, 3, "turn")
    for between in (
        e.Noted(1, "called", "f()"),
        e.VariableRead(2, 0, (), 0, "x"),
        e.SyncDone(2, 0, (), 0, 0, "t", b""),
    ):
        assert joined([turn, between, turn]) == [turn, between, turn]
