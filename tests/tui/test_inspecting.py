"""The inspector shows a moment as it was, and each of its keys acts on the line that is selected."""

from __future__ import annotations

import shutil
import threading
from itertools import pairwise
from pathlib import Path

from textual.widgets import Input
from tui.desk import Desk, Opens
from tui.programs import ASKS, HAGGLES, SHOP
from tui.studio import EXAMPLES

from playbooks import DebugSession
from playbooks.checkpoints.record import Header
from playbooks.config import Config
from playbooks.runtime.notices import Asked
from playbooks.session.record import Spent
from playbooks_tui.inspected import Wish, inspect, variables_of
from playbooks_tui.record import Record
from playbooks_tui.screens.fork.dialog import Fork
from playbooks_tui.screens.help import HelpPane, about
from playbooks_tui.screens.line import LineScreen
from playbooks_tui.widgets.inspector import Inspector
from playbooks_tui.widgets.inspector.program import step_lines
from playbooks_tui.widgets.inspector.state import StateSheet, cost_words


def text(d: Desk) -> str:
    """All of the tab that is shown."""
    inspector = d.screen.query_one(Inspector)
    return "\n".join(inspector.sheet.line(y).text for y in range(200)).rstrip()


async def at(d: Desk, kind: str, words: str) -> None:
    """Looks at a row, and waits until all of it was read."""
    record = d.screen.record
    row = next(row for row in record.shown if record.headers[row].kind == kind and words in record.text(row))
    d.screen.stand(here=row, chosen=None)
    await read(d)


async def read(d: Desk) -> None:
    inspector = d.screen.query_one(Inspector)
    await d.until(lambda: inspector.deep is not None and inspector.deep.wish == d.screen._wanted)


async def test_state_shows_stack_changes_code_history_and_cost_of_the_moment(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        shown = text(d)
        for line in ("▸ Main", "~ $price", "was 100", "+ answer", "'80'", "History of", "took"):
            assert line in shown, line
        assert "▸ await EndProgram()" in shown and '✓ await Say("user"' in shown


async def test_the_stack_of_a_finished_program_shows_nothing_as_running(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await read(d)
        assert "■ Main" in text(d) and "● Main" not in text(d)


async def test_a_call_that_begins_or_returns_changes_no_variable_of_its_caller(alone: Path) -> None:
    for name in ("country_facts.pb", "country_facts_model.py"):
        shutil.copy(EXAMPLES / name, alone)
    config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()

    async with DebugSession.open("country_facts.pb", config=config) as session:
        await session.run()

        def changes(before: Header, at: Header) -> list[tuple[str, str, str]]:
            here, then = session.record.moment(at.id), session.record.moment(before.id)
            found = inspect(Wish(0, "1000", before.id), here, then, None).variables
            return [(one.change, one.name, one.value) for one in found if one.change]

        rows = list(pairwise(header for header in session.timeline if header.agent == "1000"))
        into = next(pair for pair in rows if pair[1].playbook == "CountryFact" and pair[0].playbook == "CollectFacts")
        assert changes(*into) == [("+", "country", "'Japan'")]
        back = next(pair for pair in rows if pair[0].kind == "return" and pair[1].playbook == "CollectFacts")
        assert changes(*back) == []
        turn = [pair[1] for pair in rows if pair[1].kind == "step" and pair[1].playbook == "CountryFact"]
        assert changes(turn[0], turn[1]) == [("~", "country", "'Japan'")]


async def test_state_says_that_the_locals_of_python_are_not_recorded_only_where_python_runs(alone: Path) -> None:
    for name in ("country_facts.pb", "country_facts_model.py"):
        shutil.copy(EXAMPLES / name, alone)
    config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()

    async with DebugSession.open("country_facts.pb", config=config) as session:
        await session.run()
        told = set()
        for header in (header for header in session.timeline if header.agent == "1000"):
            moment = session.record.moment(header.id)
            found = inspect(Wish(0, "1000", ""), moment, None, None)
            shown = "\n".join(line.text for line in StateSheet(Record()).lines(found, 44, at_moment=True))
            told.add((found.stack[-1].name if found.stack else "", "locals are not recorded" in shown))
        assert told == {("Main", False), ("CollectFacts", True), ("CountryFact", False)}


async def test_at_an_interrupt_the_code_shows_the_await_that_it_broke_off_as_what_runs_next(alone: Path) -> None:
    (alone / "shop.pb").write_text(SHOP)
    (alone / "model.py").write_text(ASKS.replace("answer = await", "await").replace('"So " + answer', '"So"'))
    config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()
    async with DebugSession.open("shop.pb", config=config) as session:
        session.subscribe(lambda notice: session.interrupt() if isinstance(notice, Asked) else None)
        assert await session.run() == "interrupted"
        last = session.timeline[-1]
        found = inspect(Wish(0, "1000", ""), session.record.moment(last.id), None, session.record.code(last.id, "1000"))
        shown = "\n".join(line.text for line in StateSheet(Record()).lines(found, 44, at_moment=True))
        assert '✓ await Say("user"' in shown and '▸ await Yld("user")' in shown


def test_what_a_call_took_is_told_where_it_ended_and_never_as_nothing_before() -> None:
    def spent(calls: int, ended: int, tokens: int) -> Spent:
        return Spent(calls, tokens, tokens, 0.0, 1.0, ended=ended)

    assert cost_words(spent(1, 1, 40)) == "1 call · 80 tokens · $0"
    assert cost_words(spent(1, 0, 0)) == "1 call begun"
    assert cost_words(spent(0, 1, 40)) == "1 call ended · 80 tokens · $0"
    assert cost_words(spent(0, 0, 0)) == "no model call"


async def test_changes_are_set_against_the_mark_when_there_is_one(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "A pen")
        await d.press("m")
        marked = d.screen.record.headers[d.screen.standing.mark or 0].id
        await at(d, "say", "Sold at 80.")
        assert f"since {marked}" in text(d)


async def test_the_history_of_a_variable_has_what_came_later_and_on_other_branches(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        d.screen.variable = "$price"
        d.screen.inspect()
        await read(d)
        deep = d.screen.query_one(Inspector).deep
        assert deep is not None and [(e.value, e.where) for e in deep.history] == [("100", "past"), ("80", "here")]
        await at(d, "say", "A pen")
        deep = d.screen.query_one(Inspector).deep
        assert deep is not None and [(e.value, e.where) for e in deep.history] == [("100", "here"), ("80", "later")]
        assert "later on main" in text(d)


async def test_w_looks_at_who_changed_the_variable_and_again_at_the_one_before(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        d.screen.variable = "$price"
        d.screen.inspect()
        await read(d)
        deep = d.screen.query_one(Inspector).deep
        assert deep is not None
        first, last = (entry.checkpoint for entry in deep.history)
        assert last == d.screen.record.headers[d.screen.standing.here or 0].id  # so w means the one before
        d.screen.stand(here=d.screen.record.newest, chosen=None)
        await read(d)
        for id in (last, first):
            await d.press("w")
            await d.until(lambda wanted=id: d.screen.record.headers[d.screen.standing.here or 0].id == wanted)  # type: ignore[misc]
            await read(d)
        await d.press("w")
        await d.until(lambda: "nothing before this changed $price" in d.said)


async def test_a_value_that_came_with_another_agents_checkpoint_names_the_code_that_set_it(desk: Opens) -> None:
    model = HAGGLES.replace('"A pen for 100?")\n', '"A pen for 100?")\n$asked = 90\n').replace(
        'await Say("agent 1000", "80")',
        'await Say("user", "May I?")\nmay = await Yld("user")\nawait Say("agent 1000", may)',
    )
    async with desk(model) as d:
        await d.status("waiting")  # the shop waits for the guest: what it set is kept with another's checkpoint
        await d.press("i", *"80", "enter")
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        d.screen.variable = "$asked"
        d.screen.inspect()
        await read(d)
        deep = d.screen.query_one(Inspector).deep
        assert deep is not None and [entry.note for entry in deep.history] == ["Main, line 3"]
        assert not deep.history[0].checkpoint.startswith("1000")
        await d.press("w")
        await d.until(lambda: "Shop set $asked in Main, line 3: first kept here" in d.said)


async def test_w_from_now_looks_at_the_newest_when_that_changed_the_variable(desk: Opens) -> None:
    async with desk(HAGGLES.replace("await EndProgram()", "await asyncio.sleep(3600)")) as d:
        await d.until(lambda: any(header.text == "Sold at 80." for header in d.screen.record.headers))
        await d.press("space")
        await d.status("paused")
        newest = d.screen.record.newest
        d.screen.agent = "1000"
        d.screen.variable = "$price"
        d.screen.inspect()
        await d.until(lambda: d.screen.query_one(Inspector).inspected)
        await d.press("w")
        await d.until(lambda: d.screen.standing.here == newest)
        await d.press("w")
        await d.until(lambda: d.screen.record.headers[d.screen.standing.here or 0].kind == "start")


async def test_w_means_the_selected_variable_though_its_history_is_still_read(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        inspector, reading = d.screen.query_one(Inspector), threading.Event()
        inspector.focus()
        await d.pilot.pause()
        while not (inspector.selected and inspector.selected.name == "answer"):
            await d.press("down")
        await read(d)
        d.bridge.read(lambda: reading.wait(120))
        await d.press("down", "w")
        assert inspector.selected.name == "$price"
        assert inspector.deep is not None and inspector.deep.variable == "answer"
        reading.set()
        record, stands = d.screen.record, d.screen.standing.here
        await d.until(lambda: d.screen.standing.here != stands)
        assert record.headers[d.screen.standing.here or 0].number == 1
        assert d.screen.variable == "$price"


async def test_a_watch_is_shown_for_every_moment_and_a_mistake_is_said_while_it_is_typed(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        await d.press("plus")
        await d.until(lambda: isinstance(d.app.screen, LineScreen))
        field = d.app.screen.query_one(Input)
        field.value = "$price +"
        await d.press("enter")
        assert isinstance(d.app.screen, LineScreen)
        field.value = "$price + 1"
        await d.press("enter")
        await d.until(lambda: "$price + 1" in text(d))
        assert "81" in text(d)
        await at(d, "say", "A pen")
        assert "101" in text(d)


async def test_watches_are_kept_with_the_session_and_come_back_in_their_order(desk: Opens) -> None:
    async def watch(d: Desk, text: str) -> None:
        await d.press("plus")
        await d.until(lambda: isinstance(d.app.screen, LineScreen))
        d.app.screen.query_one(Input).value = text
        await d.press("enter")
        await d.until(lambda: d.app.screen is d.screen)

    async with desk(HAGGLES, held=True) as d:
        await d.status("paused")
        await watch(d, "$price - 1")  # before there is a session to keep it with
        await d.press("c")
        await d.status("finished")
        await watch(d, "$price + 1")
        await watch(d, "$price * 2")
        d.screen._change_watch("$price + 1")
        await d.until(lambda: isinstance(d.app.screen, LineScreen))
        d.app.screen.query_one(Input).value = "$price + 2"
        await d.press("enter")
    async with desk(HAGGLES, resume="s1") as d:
        assert d.screen.watches == ("$price - 1", "$price + 2", "$price * 2")
        await at(d, "say", "Sold at 80.")
        await d.until(lambda: "82" in text(d) and "160" in text(d))


async def test_e_changes_the_variable_that_is_selected_and_enter_on_history_looks_there(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        inspector = d.screen.query_one(Inspector)
        inspector.focus()
        await d.pilot.pause()
        while not (inspector.selected and inspector.selected.name == "$price"):
            await d.press("down")
        await d.press("e")
        await d.until(lambda: isinstance(d.app.screen, Fork) and d.app.screen.facts)
        dialog = d.app.screen
        assert isinstance(dialog, Fork) and dialog.shown is not None and dialog.shown.name == "$price"
        await d.press("escape")
        await read(d)
        while not (inspector.selected and inspector.selected.kind == "entry"):
            await d.press("down")
        there = inspector.selected
        assert there is not None
        await d.press("enter")
        await d.until(lambda: d.screen.record.headers[d.screen.standing.here or 0].id == there.name)


async def test_code_prompt_and_program_have_a_tab_each(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        await d.press("2")
        assert "Response 1 of Main" in text(d) and "5 of 6 lines" in text(d)
        await d.press("3")
        await d.until(lambda: "to the letter what was sent" in text(d))
        assert "Call 1" in text(d) and " system" in text(d)
        await d.press("4")
        assert "# Shop" in text(d) and "- Sell" in text(d)
        await d.press("1")
        assert "Stack" in text(d)


async def test_where_no_model_was_asked_code_and_prompt_say_so_and_a_prompt_that_is_not_read_yet_is_being_read(
    desk: Opens,
) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "create", "Guest")
        await d.press("right", "2")
        assert d.screen.inspected_agent() == "1001"
        assert text(d).strip() == "no response of the model is under way here"
        await d.press("left")
        await at(d, "say", "Sold at 80.")
        reading = threading.Event()
        d.bridge.read(lambda: reading.wait(120))
        await d.press("3")
        assert text(d).strip() == "reading …"
        reading.set()
        await d.until(lambda: "to the letter what was sent" in text(d))
        await at(d, "create", "Guest")
        await d.press("right")
        await d.until(lambda: text(d).strip() == "no model was asked for what runs here")


async def test_help_is_whole_in_a_narrow_terminal(desk: Opens) -> None:
    async with desk(HAGGLES, size=(60, 20)) as d:
        await d.status("finished")
        await d.press("question_mark")
        pane = d.app.screen.query_one(HelpPane)
        await d.until(lambda: pane.region.right <= 60)
        width = pane.scrollable_content_region.width
        await d.until(lambda: all(line.cells <= width for line in pane._lines))


async def test_help_says_what_is_in_front_of_the_person(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        inspector = d.screen.query_one(Inspector)
        assert about(d.app.focused).startswith("Timeline. ")
        for key, words in (("1", "State: "), ("2", "Code: "), ("4", "Program: "), ("5", "Breaks: ")):
            await d.press(key)
            assert about(inspector).startswith(words)
        await d.press("question_mark")
        text = "\n".join(line.text for line in d.app.screen.query_one(HelpPane)._lines)
        for words in (" Run\n", "Change what is selected", "In the timeline"):
            assert words in text


def test_steps_are_found_in_every_file_that_was_given_and_in_what_they_import() -> None:
    seller = "# Seller\n## Main\n### Steps\n- Sell\n"
    files = (("seller.pb", seller), ("buyer.pb", "!import more.pb\n"), ("more.pb", "# Buyer\n## Buy\n### Steps\n- Buy"))
    found = step_lines(files, ("seller.pb", "buyer.pb"))
    assert found == {("seller.pb", 4): ("Seller", "Main:01:EXE"), ("more.pb", 4): ("Buyer", "Buy:01:EXE")}
    assert step_lines((("broken.pb", "## nobody's"),), ("broken.pb",)) == {}


def test_a_variable_stands_before_the_parameter_that_hides_it_whatever_the_order_they_came_in() -> None:
    for names in (("price", "$price", "$Offers"), ("$price", "$Offers", "price")):
        values = dict.fromkeys(names, 1)
        assert [v.name for v in variables_of(values, values)] == ["$Offers", "$price", "price"]
        assert [v.name for v in variables_of(values, None)] == ["$Offers", "$price", "price"]
