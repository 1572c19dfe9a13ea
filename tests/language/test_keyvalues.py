"""What is written as frontmatter reads as the same values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.language.keyvalues import plain, read_entries, read_list, write_entries, write_list
from playbooks.language.lines import Line
from playbooks.language.problems import Problems


def read(text: str) -> dict[str, Any]:
    problems = Problems()
    entries = read_entries([Line(line, "f", place) for place, line in enumerate(text.split("\n"), 1)], problems)
    assert not problems.told([])
    return plain(entries)


_TEXT = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.sampled_from(
        ["true", "null", "~", "1", "-2.5", "1e5", "a: b", "a #b", "#", "[a]", "'", '"', "it's", "a, b", "- a"]
    ),
)
_SCALAR = st.one_of(
    _TEXT, st.booleans(), st.none(), st.integers(-(10**17), 10**17), st.sampled_from([0.5, -1.25, 1e16, 1e-7, 2.5e30])
)
_VALUE = st.one_of(_SCALAR, st.lists(_SCALAR, max_size=3).map(tuple))
_KEY = st.from_regex(r"[a-zA-Z_][\w-]{0,5}", fullmatch=True)
_VALUES = st.dictionaries(_KEY, st.one_of(_VALUE, st.dictionaries(_KEY, _VALUE, min_size=1, max_size=3)), max_size=4)


@given(_VALUES)
def test_values_that_are_written_read_as_the_same(values: dict[str, Any]) -> None:
    found = read("\n".join(write_entries(values)))
    assert found == values
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1), max_size=4))
def test_a_list_that_is_written_reads_as_the_same(items: list[str]) -> None:
    assert read_list(write_list(items)) == tuple(items)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: b", "b"),
        ("a : b # c", "b"),
        ("a: b#c", "b#c"),
        ('a: "b # c" # d', "b # c"),
        ("a: 'it''s'", "it's"),
        ('a: "line\\nbreak"', "line\nbreak"),
        ("a: yes", "yes"),
        ("a: 007", 7),
        ("a: 1.0", 1.0),
        ("a: 2025-01-31", "2025-01-31"),
        ("a: script:path/to.py", "script:path/to.py"),
        ("a: C: drive", "C: drive"),
        ("a:", None),
        ("a: [1, 'b, c', true]", (1, "b, c", True)),
        ("a: []", ()),
        ("a:\n  - 1\n  - b # c", (1, "b")),
        ("a:\n  b: 1\n\n  # c\n  d: 2", {"b": 1, "d": 2}),
    ],
)
def test_a_value_reads_as_people_mean_it(text: str, value: object) -> None:
    assert read(text) == {"a": value}


def test_lists_within_lists_beyond_all_reason_are_text() -> None:
    value = read(f"a: {'[' * 5_000}1{']' * 5_000}")["a"]
    depth = 0
    while isinstance(value, tuple):
        (value,), depth = value, depth + 1
    assert isinstance(value, str) and 10 <= depth <= 100
