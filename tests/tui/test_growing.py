"""A text that grows is wrapped as one that is whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playbooks_tui import growing
from playbooks_tui.growing import GrowingText
from playbooks_tui.spans import wrapped

_WORDS = st.lists(
    st.sampled_from(["a", "bcd", "e" * 4, "f" * 13, " ", "  ", " ", "\n", "\t", "\x1b[31m", "漢字", "é", "\u200b"])
)


@example([(["e" * 4, "  ", "a"], 0), ([], 0)])
@given(st.lists(st.tuples(_WORDS, st.integers(0, 12)), max_size=8))
def test_whatever_is_added_or_begun_anew_the_lines_are_those_of_the_whole_text(
    steps: list[tuple[list[str], int]],
) -> None:
    growing, text, width = GrowingText(), "", 4
    for words, turn in steps:
        text = "" if turn == 1 else text[: len(text) // 2] if turn == 2 else text
        width = 7 if turn == 3 else 23 if turn == 4 else width
        text += "".join(words)
        assert growing.lines(text, width) == wrapped(text, width)


def test_what_was_wrapped_is_not_wrapped_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    whole = growing.wrapped_paragraph
    monkeypatch.setattr(growing, "wrapped_paragraph", lambda text, width: seen.append(len(text)) or whole(text, width))
    written, text = GrowingText(), ""
    for _ in range(500):
        text += "words and words "
        written.lines(text, 40)
    assert len(text) > 5_000 and max(seen) < 100
