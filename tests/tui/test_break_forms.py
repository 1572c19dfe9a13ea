"""The breakpoint dialog's examples are the open program's own, and each can be set as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui.studio import EXAMPLES

from playbooks.language import load_program
from playbooks.language.model import Program
from playbooks.runtime.breakpoint import parse_breakpoint
from playbooks_tui.break_forms import condition, forms, modifiers, places, watch
from playbooks_tui.spans import cells_of


def program(name: str) -> Program:
    return load_program([str(EXAMPLES / name)])


@pytest.mark.parametrize("name", ["negotiation.pb", "support.pb", "standup.pb", "country_facts.pb"])
def test_every_example_is_a_breakpoint_of_the_program(name: str) -> None:
    read = program(name)
    for place in places(read):
        assert str(parse_breakpoint(place, read)) == place
        for more in modifiers(read):
            parse_breakpoint(f"{place} {more}", read)


def test_examples_name_the_programs_own_steps_agents_playbooks_and_variables() -> None:
    assert forms(program("negotiation.pb"), 66) == [
        "Main:02 · Seller · playbook Haggle · call Haggle · tool Counter",
        "say /word/ · from Seller · to Buyer · error · $price < 100",
        "line Haggle:3 · code /regex/ · each with, if wanted:",
        "of Seller · if $price < 100 · hit 3 · off · log TEXT {$price}",
    ]
    facts = "\n".join(forms(program("country_facts.pb"), 66))
    for own in ("Geographer", "CountryFact", "tool CollectFacts", "to you", "len($countries) > 5"):
        assert own in facts, own
    assert condition(program("support.pb")) == "$refunded > 0"


def test_what_python_would_refuse_is_no_example(alone: Path) -> None:
    block = "```python\nbad = {[1]: 2}\nworse = {[1]}\ngood = 3\n```\n"
    (alone / "bad.pb").write_text(f"# A\n{block}## Main\n### Triggers\n- When the program starts\n### Steps\n- Go\n")
    assert condition(load_program(["bad.pb"])) == "$good < 3"


def test_no_example_is_broken_or_wider_than_the_room(alone: Path) -> None:
    long = "A" * 50 + "gent"
    (alone / "long.pb").write_text(f"# {long}\n## Main\n### Triggers\n- When the program starts\n### Steps\n- Go\n")
    lines = forms(load_program(["long.pb"]), 40)
    assert all(cells_of(line) <= 40 for line in lines) and long not in "".join(lines)
    assert any("error" in line for line in lines)


def test_a_watch_is_shown_on_variables_of_the_program() -> None:
    assert watch(program("negotiation.pb")) == "$price - $floor"
    assert watch(program("support.pb")) == "$refunded > 0"
    assert watch(program("standup.pb")) == "$hours < 3"
    assert watch(program("country_facts.pb")) == "len($countries) > 5"
