"""Packed headers are the headers that were packed, and bytes that are none are refused."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest
from checkpoints.records import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from playbooks.checkpoints.header_packs import NotPacked, pack, unpack
from playbooks.checkpoints.record import Header

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_COUNTS = st.integers(0, 2**63 - 1)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    """A header of any content that a store may hold."""
    agent, number = draw(st.sampled_from(["1000", "1001", "human"])), draw(st.integers(1, 10**9))
    return Header(
        f"{agent}_ckpt_{number}",
        agent,
        number,
        draw(_TEXTS),
        draw(_COUNTS),
        draw(st.sampled_from(["", "1000_ckpt_1"]) | _TEXTS),
        draw(_TEXTS),
        draw(_COUNTS),
        draw(_TEXTS),
        draw(st.sampled_from(["say", "heard", "tool"])),
        time=draw(st.floats(allow_nan=False)),
        took=draw(st.sampled_from([0.0, 1.5])),
        text=draw(_TEXTS),
        degraded=draw(st.lists(_TEXTS, max_size=2).map(tuple)),
        line=draw(_COUNTS),
    )


@given(st.lists(headers(), min_size=1, max_size=12))
def test_what_is_unpacked_is_what_was_packed(given: list[Header]) -> None:
    assert unpack(pack(given)) == given


def test_a_chain_of_many_comes_back_with_one_object_for_what_rows_share() -> None:
    given = [checkpoint(number, text=f"text {number}").header for number in range(1, 600)]
    found = unpack(pack(given))
    assert found == given
    assert len({id(header.statement) for header in found}) == 1
    assert all(header.parent is before.id for before, header in itertools.pairwise(found))


def test_half_a_character_does_not_lose_the_row() -> None:
    (found,) = unpack(pack([checkpoint(1, text="\ud83d", statement="\udc00").header]))
    assert (found.id, found.text, found.statement) == ("1000_ckpt_1", "?", "?")


def test_bytes_that_are_no_pack_are_refused_whatever_they_are() -> None:
    blob = pack([checkpoint(number, text=f"text {number}").header for number in range(1, 40)])
    pick = random.Random(1)
    for cut in range(0, len(blob), 7):
        with pytest.raises(NotPacked):
            unpack(blob[:cut])
    for _ in range(500):
        altered = bytearray(blob)
        altered[pick.randrange(len(altered))] = pick.randrange(256)
        try:
            assert all(type(header.id) is str and type(header.sequence) is int for header in unpack(bytes(altered)))
        except NotPacked:
            pass


def test_bytes_that_say_they_hold_more_than_any_pack_are_refused_before_room_is_made_for_it() -> None:
    count, *columns = msgspec.msgpack.decode(pack([checkpoint(1).header]))
    assert count == 1
    for crafted in (0, -1, 10**15):
        with pytest.raises(NotPacked, match=f"it says that it has {crafted}"):
            unpack(msgspec.msgpack.encode((crafted, *columns)))
