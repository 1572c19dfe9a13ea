"""How a value is shown: JSON where it can be, else a short text without an address."""

from __future__ import annotations

import json
from typing import Any

import pytest
from checkpoints.worlds import Order

from playbooks.checkpoints.codec import decode, describe, encode
from playbooks.checkpoints.describe import show


@pytest.mark.parametrize("value", [None, True, 3, 1.5, "hi", [1, [None]], {"a": {"b": []}}])
def test_what_json_can_hold_is_given_as_it_is(value: Any) -> None:
    told = describe(value)
    assert told == {"type": type(value).__name__, "value": value}
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, "a"), "(1, 'a')"),
        ((), "()"),
        ({1: 2}, "{1: 2}"),
        ({3, 1, 2}, "{1, 2, 3}"),
        (set(), "set()"),
        (frozenset([1]), "frozenset({1})"),
        (b"x", "b'x'"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (Order([1]), "Order(tag=[1])"),
        (2**9_000, "<int of 9001 bits>"),
    ],
)
def test_what_it_can_not_hold_is_given_as_text(value: Any, text: str) -> None:
    assert describe(value) == {"type": type(value).__name__, "repr": text}


def test_a_cycle_is_shown_as_one() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert describe(loop) == {"type": "list", "repr": "[1, ...]"}


@pytest.mark.parametrize("value", ["x" * 10**6, ["y"] * 10**6, dict.fromkeys(range(10**5), "z"), b"b" * 10**6])
def test_a_long_value_is_cut_with_a_mark(value: Any) -> None:
    text = describe(value, 100)["repr"]
    assert len(text) == 101 and text.endswith("…")


def test_what_was_lost_says_why() -> None:
    found = decode(encode([(n for n in ())], root="$g").data)
    assert describe(found[0])["type"] == "lost" and "$g[0]" in describe(found[0])["repr"]
    assert describe(n for n in ()) == {"type": "generator", "repr": "<generator>"}


def test_a_deep_value_is_shown_without_end_to_the_stack() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert describe(deep)["repr"].endswith("...]]]]]]]]]")


def test_numbers_that_python_refuses_to_write_are_told_by_their_size_however_much_room_there_is() -> None:
    big = 1 << 20_000
    for value in (1 << 14_290, -big, range(big), [big, range(0, 9, big)]):
        assert "int" in show(value, 1_000_000)
        assert len(json.dumps(describe(value, 1_000_000))) < 300
