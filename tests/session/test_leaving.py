"""What can be changed is listed with its value, and what can't with the reason the fork itself would give."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.session.changeable import Leaving
from playbooks.session.edits import Edits

EXAMPLES = Path(__file__).parents[2] / "examples"


async def _leavings(alone: Path) -> tuple[DebugSession, dict[str, Leaving]]:
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}}).for_debug()
    session = DebugSession.open(str(EXAMPLES / "negotiation.pb"), config=config, durable=True)
    async with session:
        await session.run()
        made = [header for header in reversed(session.timeline) if header.kind != "start"]
        found = {header.text: session.leaving(header.id) for header in made}  # what was said, not what was heard of it
        for place in found.values():
            for thing in place.things:
                if thing.kind == "variable":
                    wish = Edits(set={thing.name: 1})
                elif thing.kind == "result":
                    wish = Edits(result=1)
                else:
                    wish = Edits(say=((thing.name, "other"),))
                try:
                    session.plan(place.moment.header.id, edits=wish)
                    refused = ""
                except UserError as error:
                    refused = str(error)
                assert thing.why_not == refused, (place.moment.header.id, thing)
    return session, found


@pytest.fixture(scope="module")
def negotiation(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Leaving]:
    import asyncio
    import os

    folder = tmp_path_factory.mktemp("leaving")
    before = Path.cwd()
    os.chdir(folder)
    try:
        return asyncio.run(_leavings(folder))[1]
    finally:
        os.chdir(before)


def test_the_list_and_the_fork_agree_about_everything_that_can_be_changed(negotiation: dict[str, Leaving]) -> None:
    assert len(negotiation) > 20  # they were asked one by one while the session was open


def test_a_call_offers_its_result_first_and_says_why_the_variable_it_sets_cant_be_changed(
    negotiation: dict[str, Leaving],
) -> None:
    things = negotiation["Counter(60) = 95"].things
    assert (things[0].kind, things[0].about, things[0].value, things[0].why_not) == ("result", "Counter(60)", 95, "")
    price = next(thing for thing in things if thing.name == "$price")
    assert "line 6" in price.why_not and "change the result instead" in price.why_not
    floor = next(thing for thing in things if thing.name == "$floor")
    assert (floor.value, floor.why_not) == (70, "")


def test_what_was_said_offers_its_message_first(negotiation: dict[str, Leaving]) -> None:
    first = negotiation["Deal."].things[0]
    assert (first.kind, first.agent, first.value) == ("message", "1001", "Deal.")


def test_variables_of_other_agents_are_named_as_an_edit_takes_them(negotiation: dict[str, Leaving]) -> None:
    names = [thing.name for thing in negotiation["check_margin(75) = 5"].things if thing.kind == "variable"]
    assert "$least" in names and "1000.$price" in names


def test_the_rest_of_a_response_is_whole_although_it_was_still_being_received(
    negotiation: dict[str, Leaving],
) -> None:
    code = negotiation["80, and it is yours."].code
    assert code is not None
    assert code.kept.endswith('await Say("agent 1001", "80, and it is yours.")')
    assert code.rest.strip() == 'await Yld("agent 1001")'
    assert code.line == code.kept.count("\n") + 2
