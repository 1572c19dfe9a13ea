"""What was said in full, in records of which rows were pruned away."""

from __future__ import annotations

from tui.headers import header

from playbooks.runtime.notices import MessageView
from playbooks_tui.long_texts import long_texts


def _message(id: int, text: str, sender: str = "1000") -> MessageView:
    return MessageView(id, sender, ("human",), text)


def test_a_long_text_is_given_to_its_own_row_also_when_rows_before_it_are_pruned_away() -> None:
    first, second, third = "a" * 300, "b" * 300, "c" * 300
    says = [(7, header("1000", 8, "say", "b" * 199 + "…")), (9, header("1000", 12, "say", "short"))]
    messages = [_message(1, first), _message(2, second), _message(3, third), _message(4, "short")]
    assert long_texts(says, messages) == {7: second}


def test_of_texts_that_begin_alike_the_newest_row_has_the_newest() -> None:
    old, new = "a" * 250 + "old", "a" * 250 + "new"
    says = [(2, header("1000", 2, "say", "a" * 199 + "…"))]
    assert long_texts(says, [_message(1, old), _message(2, new), _message(3, old, "1001")]) == {2: new}
