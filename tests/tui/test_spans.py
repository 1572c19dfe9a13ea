"""Text in cells, and numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from playbooks_tui.spans import ago, amount, clock, cut, fit, money, plain, took, wrapped


@given(st.text(max_size=200), st.integers(2, 40))
def test_wrapping_keeps_every_word_and_no_line_is_too_wide(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert lines
    assert all(cell_len(line) <= width for line in lines)
    printable = [c for c in plain(text.expandtabs(4)) if c.isprintable() and not c.isspace()]
    assert [c for line in lines for c in line if c.isprintable() and not c.isspace()] == printable


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_fitted_text_has_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(cut(text, width)) <= width


def test_a_line_is_broken_at_spaces_and_long_words_where_they_end() -> None:
    assert wrapped("a pen for Donaudampfschiff ok", 8) == ["a pen", "for", "Donaudam", "pfschiff", "ok"]
    assert wrapped("one\n\ntwo", 8) == ["one", "", "two"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0001, ""), (0.002, "2ms"), (0.0994, "99ms"), (0.0996, "0.1s"), (1.26, "1.3s"), (99.97, "2min"), (7200, "2h")],
)
def test_a_duration_takes_five_cells_at_most(seconds: float, shown: str) -> None:
    assert took(seconds) == shown


def test_counts_money_and_times_are_short_and_say_when_they_are_not_known() -> None:
    assert [amount(n) for n in (None, 999, 1049, 999_949, 2_300_000)] == ["?", "999", "1.0k", "999.9k", "2.3M"]
    assert [money(d) for d in (None, 0, 0.0024, 1.5)] == ["$?", "$0", "$0.002", "$1.50"]
    assert [clock(s) for s in (21, 3_723)] == ["00:21", "1:02:03"]
    assert [ago(s) for s in (3, 60, 190, 7_300, 200_000)] == [
        "just now",
        "1 minute ago",
        "3 minutes ago",
        "2 hours ago",
        "2 days ago",
    ]


@pytest.mark.parametrize(
    ("told", "drawn"),
    [
        ("\x1b[31mred\x1b[0m and \x1b]8;;http://x\x07link\x1b]8;;\x07", "red and link"),
        ("pay \u202e001\u202c now", "pay 001 now"),
        ("\U0001f44d\U0001f3fd \u2764\ufe0f \U0001f469\u200d\U0001f466", "\U0001f44d \u2764 \U0001f469\U0001f466"),
        ("bell\a, back\b", "bell , back "),
        ("\u4f60\u597d \u05e9\u05dc\u05d5\u05dd \ud55c\uad6d", "\u4f60\u597d \u05e9\u05dc\u05d5\u05dd \ud55c\uad6d"),
    ],
)
def test_nothing_a_program_says_colours_turns_or_shifts_the_screen(told: str, drawn: str) -> None:
    assert plain(told) == drawn
    assert wrapped(told, 60) == [drawn.rstrip()] or wrapped(told, 60) == [drawn]
