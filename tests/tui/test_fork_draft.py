"""What is typed in the fork dialog means what it looks like, and the command beside it does the same."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from playbooks.cli.arguments import assignment
from playbooks.literals import literal_or_text
from playbooks.session.changeable import Changeable
from playbooks.session.edits import NO_RESULT
from playbooks_tui.screens.fork.draft import Draft, command_of, edits_of, key_of, problem_of, text_of, typed

RESULT = Changeable("result", "", "Counter(60)", "1000", 95)
PRICE = Changeable("variable", "$price", "$price", "1000", 100)
ITEM = Changeable("variable", "1001.item", "item", "1001", "pen")
SAYS = Changeable("message", "1001", "1000", "1001", "Deal.")
THINGS = (RESULT, PRICE, ITEM, SAYS)


def draft(**texts: str) -> Draft:
    named = {"result": RESULT, "price": PRICE, "item": ITEM, "says": SAYS}
    return Draft("1000_ckpt_5", texts={key_of(named[name]): text for name, text in texts.items()})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (95, "95"),
        ([60, 75], "[60, 75]"),
        (None, "None"),
        ("pen", "pen"),
        ("two\nlines", "'two\\nlines'"),
        ("'quoted'", "\"'quoted'\""),
        ({"a": (1, 2.5)}, "{'a': (1, 2.5)}"),
        (object(), ""),
    ],
)
def test_a_value_is_shown_as_one_types_it_and_read_back_the_same(value: Any, text: str) -> None:
    thing = Changeable("variable", "$x", "$x", "1000", value)
    assert text_of(thing) == text
    if text:
        assert typed(thing, text).value == value


@pytest.mark.parametrize(
    ("was", "text", "value", "word", "other"),
    [
        (95, "80", 80, "number", ""),
        (95, "eighty", "eighty", "text", "number"),
        (95, "'80'", "80", "text", "number"),
        (95, "True", True, "true or false", "number"),
        ([60], "[60, 75]", [60, 75], "list", ""),
        ("95", "80", "80", "text", ""),
        ("95", "[1", "[1", "text", ""),
        ("95", "'80'", "80", "text", ""),
        (None, "80", 80, "number", ""),
    ],
)
def test_what_is_typed_has_the_type_it_looks_like_and_a_text_stays_a_text(
    was: Any, text: str, value: Any, word: str, other: str
) -> None:
    read = typed(Changeable("variable", "$x", "$x", "1000", was), text)
    assert (read.value, read.word, read.other, read.problem) == (value, word, other, "")


@pytest.mark.parametrize("text", ["[60, ", "{1: }", "{[1]}", "(1", "'80"])
def test_a_value_that_is_not_finished_is_a_mistake_and_no_text(text: str) -> None:
    assert typed(PRICE, text).problem.startswith("no value: ")
    assert problem_of(draft(price=text), THINGS)


def test_a_temperature_is_a_number_from_0_to_2() -> None:
    assert problem_of(Draft("1000_ckpt_5", temperature="hot"), THINGS)
    assert problem_of(Draft("1000_ckpt_5", temperature="3"), THINGS)
    assert not problem_of(Draft("1000_ckpt_5", temperature="0.7"), THINGS)


def test_nothing_typed_changes_nothing() -> None:
    edits = edits_of(draft(), THINGS)
    assert edits.result is NO_RESULT and not edits.set and not edits.say and edits.response is None
    assert command_of(draft(), THINGS) == "playbooks fork 1000_ckpt_5"


@pytest.mark.parametrize("text", ["80", "'80'", "eighty", "it's $5", "[1, 'a b']", "None"])
def test_the_command_makes_the_very_edits_of_the_dialog(text: str) -> None:
    made = draft(result=text, price=text, says="No $deal. It's 'off'")
    edits = edits_of(made, THINGS)
    words = shlex.split(command_of(made, THINGS))
    assert words[:3] == ["playbooks", "fork", "1000_ckpt_5"]
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert literal_or_text(given["--result"]) == edits.result
    assert assignment(given["--set"], dollar=True) == ("$price", edits.set["$price"])
    assert given["--say"] == "1001: No $deal. It's 'off'"


def test_the_command_names_all_else_that_was_chosen() -> None:
    made = Draft("1000_ckpt_5", before=True, rest="ask", model="a/b", temperature="0.5", program="x.pb", label="low")
    assert command_of(made, THINGS) == (
        "playbooks fork 1000_ckpt_5 --before --regenerate --model a/b --temperature 0.5 --program x.pb --label low"
    )


def test_edited_code_is_copied_with_the_command_and_only_hinted_at_in_the_dialog() -> None:
    made = Draft("1000_ckpt_5", rest="edit", response="await Return('x')\n")
    assert command_of(made, THINGS) == "playbooks fork 1000_ckpt_5 --response - <<…"
    assert command_of(made, THINGS, whole=True) == (
        "playbooks fork 1000_ckpt_5 --response - <<'END'\nawait Return('x')\nEND\n"
    )
    assert edits_of(made, THINGS).response == "await Return('x')\n"
