"""A loop's place can be stored, and is walked on as Python would."""

from __future__ import annotations

import collections
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.runtime.cursor import cursor


class Ours(list[int]):
    def __iter__(self) -> Any:
        return super().__iter__()


Point = collections.namedtuple("Point", "x y")
SEQUENCES = [[1, 2, 3], (1, 2), "ab", "éü", b"ab", range(3), range(2**70, 2**70 + 3), Point(1, 2)]


@given(
    st.sampled_from(SEQUENCES),
    st.sampled_from(["", "reversed", "enumerate", "zip", "enumerate zip"]),
    st.integers(0, 3),
)
def test_a_place_stored_between_two_turns_goes_on_there(sequence: Any, how: str, taken: int) -> None:
    walks: dict[str, Any] = {
        "": lambda: sequence,
        "reversed": lambda: reversed(sequence),
        "enumerate": lambda: enumerate(sequence, 5),
        "zip": lambda: zip(sequence, reversed(sequence), strict=True),
        "enumerate zip": lambda: enumerate(zip(sequence, enumerate(sequence), strict=False)),
    }
    want = list(walks[how]())
    place = cursor(walks[how]())
    assert place is not None
    got = [item for _, item in zip(range(taken), place, strict=False)]
    got += pickle.loads(pickle.dumps(place))
    assert got == want


def test_a_list_that_grows_while_walked_is_walked_on() -> None:
    items = [1, 2]
    place = cursor(items)
    assert place is not None
    next(place)
    items.append(3)
    assert list(place) == [2, 3]


@pytest.mark.parametrize(
    "walked", [{1, 2}, frozenset({1}), {"a": 1}, {"a": 1}.keys(), {"a": 1}.values(), {"a": 1}.items()]
)
def test_sets_and_views_are_listed_once(walked: Any) -> None:
    place = cursor(walked)
    assert place is not None
    assert list(pickle.loads(pickle.dumps(place))) == list(walked)


def test_a_dict_may_change_while_its_turns_run() -> None:
    counts = collections.OrderedDict(a=1, b=2)
    place = cursor(counts.items())
    assert place is not None
    next(place)
    counts["c"] = 3
    assert list(place) == [("b", 2)]


@pytest.mark.parametrize(
    "walked",
    [
        (n for n in [1]),
        map(str, [1]),
        enumerate(n for n in [1]),
        zip([1], map(str, [1]), strict=False),
        iter({1}),
        Ours([1]),
        5,
        None,
    ],
)
def test_what_cannot_be_stored_gives_no_place(walked: Any) -> None:
    assert cursor(walked) is None


def test_nothing_is_taken_from_what_gives_no_place() -> None:
    generator = (n for n in [1, 2])
    assert cursor(generator) is None
    assert list(generator) == [1, 2]
