"""The examples play to their end without a key or a network, and their endings follow from what happened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from playbooks.config import Config
from playbooks.language import load_program
from playbooks.runtime.notices import Asked, Notice
from playbooks.session import DebugSession

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = sorted(path.name for path in EXAMPLES.glob("*.pb"))
Act = Callable[[DebugSession, Notice], None]


def act_nothing(session: DebugSession, notice: Notice) -> None: ...


def played(name: str, settings: Mapping[str, Any] | None = None, act: Act = act_nothing) -> DebugSession:
    """The session of an example after its run, without the delay between chunks."""

    async def playing() -> DebugSession:
        config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}, "message_batch_timeout": 0.02})
        async with DebugSession.open(str(EXAMPLES / name), config=config, set=settings) as session:
            session.subscribe(lambda notice: act(session, notice))
            async with asyncio.timeout(120):
                await session.run()
            return session

    return asyncio.run(playing())


def told(session: DebugSession) -> list[str]:
    """What was said to the person."""
    return [message.text for message in session.messages if "human" in message.receivers]


def answering(*lines: str) -> Act:
    """Says the next line each time somebody asks, then closes the input."""
    left = list(lines)

    def act(session: DebugSession, notice: Notice) -> None:
        if isinstance(notice, Asked) and notice.agents:
            if left:
                session.say(left.pop(0), notice.agents[0])
            else:
                session.close_input()

    return act


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_is_short_enough_to_be_read_at_once(name: str) -> None:
    assert len((EXAMPLES / name).read_text().splitlines()) <= 60


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_examples_script_names_only_steps_and_triggers_that_there_are(name: str) -> None:
    program = load_program([str(EXAMPLES / name)])
    labels = {
        part.label
        for agent in program.agents
        for playbook in agent.playbooks
        for part in (*playbook.walk(), *playbook.triggers)
    }
    script = (EXAMPLES / str(program.metadata["model"]).removeprefix("script:")).read_text()
    named = set(re.findall(r'(?:Step|Trigger|listen)\("([^"{]+)"', script))
    assert named
    assert named - labels == set()


def test_the_negotiation_sells_at_what_the_boss_allows() -> None:
    session = played("negotiation.pb")
    assert (session.exit_status, told(session)) == (0, ["The pen: sold at 80."])
    assert [message.text for message in session.messages][:3] == [
        "This pen is $100. It writes under water.",
        "Would you take 60? Next door asks 75.",
        "I can do $95.",
    ]


@pytest.mark.parametrize(
    ("settings", "ending"),
    [
        ({"price": 90}, "The pen: no deal."),
        ({"price": 120}, "The pen: sold at 80."),
        ({"floor": 76}, "The pen: no deal."),
        ({"price": 60}, "The pen: no deal."),
    ],
)
def test_another_price_gives_another_ending(settings: dict[str, int], ending: str) -> None:
    assert told(played("negotiation.pb", settings)) == [ending]


def test_another_result_of_the_tool_gives_another_ending(tmp_path: Path) -> None:
    text = (EXAMPLES / "negotiation.pb").read_text()
    changed = text.replace("return max(floor, price - (price - offer) // 8)", "return 80")
    assert changed != text
    (tmp_path / "negotiation.pb").write_text(changed)
    (tmp_path / "haggle_model.py").write_text((EXAMPLES / "haggle_model.py").read_text())
    assert told(played(str(tmp_path / "negotiation.pb"))) == ["The pen: no deal."]


def test_the_negotiation_is_long_enough_to_watch_and_to_go_back_in() -> None:
    session = played("negotiation.pb")
    assert sum(header.agent == "1000" and header.kind != "step" for header in session.timeline) >= 8
    chunks = session.tokens[1] or 0
    assert 10 <= chunks * Config.load(env={}).model.token_delay_s <= 15


def test_the_facts_come_for_the_countries_that_are_set() -> None:
    assert told(played("country_facts.pb", {"countries": ["Norway", "Atlantis"]})) == [
        "One fact each about Norway and Atlantis.",
        "1. Norway: It knighted a penguin, and promoted him more than once since.",
        "2. Atlantis: Nobody has told me anything about Atlantis yet.",
        "The shortest one is about Atlantis.",
    ]


def test_no_countries_is_told_in_words() -> None:
    assert told(played("country_facts.pb", {"countries": []}))[-1] == "You gave me no country."


def test_support_pays_an_order_back_once() -> None:
    session = played("support.pb", act=answering("hm", "I want a refund", "refund 1002", "refund 1002", "bye"))
    assert (session.exit_status, told(session)[2:]) == (
        0,
        [
            "Gladly. Which order is it about?",
            "$42 for order 1002 are on their way back to you.",
            "Nothing is open for 1002.",
            "Thank you, and enjoy the tea. $42 came back today.",
        ],
    )


def test_support_without_anybody_to_talk_to_ends_with_status_3() -> None:
    assert played("support.pb", act=answering("1001")).exit_status == 3


def test_the_standup_mends_what_the_tester_found() -> None:
    assert told(played("standup.pb")) == ["The plan for today: mend the login page in 6 hours, then ship."]


def test_the_standup_ships_what_has_no_bugs(tmp_path: Path) -> None:
    text = (EXAMPLES / "standup.pb").read_text()
    (tmp_path / "standup.pb").write_text(text.replace('done = "the login page"', 'done = "the search"'))
    (tmp_path / "standup_model.py").write_text((EXAMPLES / "standup_model.py").read_text())
    assert told(played(str(tmp_path / "standup.pb"))) == ["The plan for today: ship the search."]
