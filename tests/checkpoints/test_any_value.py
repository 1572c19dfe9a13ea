"""Any graph of objects survives storage; no bytes, whatever they are, make reading do more than read."""

from __future__ import annotations

import itertools
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
from checkpoints.worlds import ModelWorld, Order, OwnDict, OwnList, Slotted
from hypothesis import event, given
from hypothesis import strategies as st

from playbooks.checkpoints.codec import DamagedValue, copy, decode, describe, encode
from playbooks.checkpoints.describe import show

WORLD = ModelWorld()
ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4), st.binary(max_size=4)
)
MUTABLE = {"list": list, "dict": dict, "order": Order, "slotted": Slotted, "own list": OwnList, "own dict": OwnDict}


class Place:
    """Stands for an object, by its place."""

    def __init__(self, index: int) -> None:
        self.index = index


@st.composite
def graphs(draw: st.DrawFn, own: bool = True) -> Any:
    """A value of up to nine objects that refer to one another in any way that Python allows."""
    kinds = [
        draw(st.sampled_from(sorted(MUTABLE) if own else ["list", "dict"])) for _ in range(draw(st.integers(1, 6)))
    ]
    objects: list[Any] = [MUTABLE[kind]() for kind in kinds]
    made = list(objects)
    for _ in range(draw(st.integers(0, 3))):
        objects.append(
            tuple(draw(st.lists(st.one_of(ATOMS, st.sampled_from(range(len(objects))).map(Place)), max_size=3)))
        )
        objects[-1] = tuple(objects[part.index] if type(part) is Place else part for part in objects[-1])
    parts_of = st.lists(st.one_of(ATOMS, st.sampled_from(range(len(objects))).map(Place)), max_size=4)
    for index, found in enumerate(made):
        parts = [objects[part.index] if type(part) is Place else part for part in draw(parts_of)]
        fill(found, index, parts)
    event(" ".join(sorted(set(kinds))))
    return objects[draw(st.integers(0, len(objects) - 1))]


def fill(found: Any, index: int, parts: list[Any]) -> None:
    if isinstance(found, list):
        list.extend(found, parts)
    elif isinstance(found, dict):
        for part in parts:
            found[key_of(part, len(found))] = part
    else:
        found.tag = index
        for name, part in zip(("left", "right"), parts, strict=False):
            setattr(found, name, part)
    if type(found) is OwnList:
        found.tag = parts[0] if parts else None


def key_of(part: Any, count: int) -> Any:
    """Instances are keys too, by identity."""
    return part if type(part) in (Order, Slotted) else count


def same(left: Any, right: Any) -> bool:
    """Whether two graphs have the same shape: types, atoms, and which parts are one object."""
    pairs: dict[int, int] = {}
    back: dict[int, int] = {}
    kept, pending = [], [(left, right)]
    while pending:
        one, other = pending.pop()
        kept.append((one, other))
        if type(one) is not type(other):
            return False
        if type(one) in (type(None), bool, int, float, str, bytes):
            if one != other:
                return False
            continue
        if id(one) in pairs or id(other) in back:
            if pairs.get(id(one)) != id(other) or (back.get(id(other)) != id(one)):
                return False
            continue
        if one != ():  # there is one empty tuple
            pairs[id(one)], back[id(other)] = id(other), id(one)
        mine, yours = parts(one), parts(other)
        if len(mine) != len(yours):
            return False
        pending += zip(mine, yours, strict=True)
    return True


def parts(value: Any) -> list[Any]:
    found: list[Any] = []
    if isinstance(value, (list, tuple)):
        found += [*(list if isinstance(value, list) else tuple).__iter__(value)]
    if isinstance(value, dict):
        found += itertools.chain.from_iterable(value.items())
    if type(value) is Slotted:
        found += [getattr(value, name, None) for name in Slotted.__slots__]
    elif hasattr(value, "__dict__"):
        found += itertools.chain.from_iterable(value.__dict__.items())
    return found


@given(graphs())
def test_aliases_and_cycles_of_any_graph_survive(value: Any) -> None:
    encoded = encode(value, world=WORLD)
    assert not encoded.degraded
    found = decode(encoded.data, WORLD)
    assert same(value, found)
    assert same(value, copy(value, WORLD))
    assert encode(found, world=WORLD).degraded == ()


@given(graphs(own=False))
def test_a_graph_of_builtins_comes_back_the_same_with_and_without_a_world(value: Any) -> None:
    data = encode(value, world=WORLD).data
    assert same(value, decode(data, WORLD))
    assert same(value, decode(data))
    assert same(value, decode(data, trusted=False))


@given(graphs())
def test_looking_at_and_describing_any_graph_calls_nothing_and_ends(value: Any) -> None:
    data = encode(value, world=WORLD).data
    Order.calls = []
    seen = decode(data)
    for held in (value, seen):
        told = describe(held)
        assert set(told) in ({"type", "value"}, {"type", "repr"})
        assert " at 0x" not in show(held)
    assert show(decode(data)) == show(seen)
    assert not Order.calls


# -- bytes that nobody wrote ------------------------------------------------------------------------------------------


class Planted:
    """Pickled by others: makes a folder when it is loaded."""

    def __reduce__(self) -> Any:
        return (os.mkdir, ("planted",))


def planted() -> list[bytes]:
    command = b"cos\nmkdir\n(S'planted'\ntR."
    return [
        *(pickle.dumps(Planted(), protocol) for protocol in range(6)),
        command,
        b"(S'planted'\nios\nmkdir\n.",
        b"cos\nmkdir\n(S'planted'\no.",
        b"\x80\x05\x8c\x02os\x8c\x05mkdir\x93\x8c\x07planted\x85R.",
        b"\x80\x05]\x8c\x02os\x8c\x05mkdir\x93b.",
        b"\x80\x05}\x8c\x0c__setstate__\x8c\x02os\x8c\x05mkdir\x93sb.",
        b"\x80\x05\x8c\x03os\x00Q.",
        b"Pplanted\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x05K\x01K\x02R.",
        b"\x80\x05K\x01)\x81.",
    ]


@pytest.mark.parametrize("data", planted())
@pytest.mark.parametrize("trusted", [True, False])
def test_a_planted_pickle_runs_nothing_and_is_named_damaged(data: bytes, trusted: bool, alone: Path) -> None:
    for wrapped in (data, b"\x80\x05" + data, b"G" + data, b"G" + pickle.dumps([("list", data, ())])):
        try:
            decode(wrapped, WORLD, trusted=trusted)
        except DamagedValue:
            continue
        assert wrapped.startswith(b"G") and wrapped != b"G" + data
    assert not (alone / "planted").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x05.",
        b"\x80\x05N",
        b"\x80\x05\x8e" + struct.pack("<Q", 2**62) + b".",
        b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b".",
        b"\x80\x05\x8a\xff.",
        b"\x80\x05" + b"]" * 50_000 + b"a" * 49_999 + b".",
        b"\x80\x05h\x05.",
        b"\x80\x05N0.",
        b"\x80\x09N.",
        b"hello",
    ],
    ids=lambda data: repr(data[:12]),
)
@pytest.mark.parametrize("trusted", [True, False])
def test_garbage_and_claims_of_much_memory_are_named_damaged(data: bytes, trusted: bool) -> None:
    try:
        decode(data, WORLD, trusted=trusted)
    except DamagedValue:
        return
    assert data.count(b"]") > 10  # deep, and still a value


def test_an_untrusted_memo_index_takes_no_memory() -> None:
    with pytest.raises(DamagedValue):
        decode(b"\x80\x05Nr\xff\xff\xff\x7f.", trusted=False)
    with pytest.raises(DamagedValue):
        decode(b"Np4294967295\n.", trusted=False)


NODES = st.lists(
    st.tuples(
        st.sampled_from(
            ["list", "dict", "tuple", "instance", "function", "class statement", "value", "iterator", "cell"]
        ),
        st.one_of(st.none(), st.text(max_size=3), st.tuples(st.text(max_size=3), st.tuples(st.text(max_size=2)))),
        st.lists(st.one_of(st.none(), st.integers(), st.tuples(st.integers(-1, 6))), max_size=4).map(tuple),
    ),
    max_size=6,
)


@given(NODES, st.booleans())
def test_a_table_that_nobody_wrote_is_built_or_named_damaged(nodes: Any, looking: bool) -> None:
    try:
        decode(b"G" + pickle.dumps(nodes, 5), None if looking else WORLD)
    except DamagedValue:
        pass


@given(graphs(), st.data())
def test_a_changed_byte_never_does_more_than_damage(value: Any, data: st.DataObject) -> None:
    stored = bytearray(encode(value, world=WORLD).data)
    place = data.draw(st.integers(0, len(stored) - 1))
    stored[place] ^= data.draw(st.integers(1, 255))
    try:
        show(decode(bytes(stored), trusted=False))
    except DamagedValue:
        pass
