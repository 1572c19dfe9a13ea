"""Who asks: of several questions that wait, the line names the one that the next answer goes to."""

from __future__ import annotations

from textual.widgets import Label
from tui.desk import Desk, Opens
from tui.programs import ASKS, ASKS_TWO

from playbooks_tui.widgets.ask import Ask

NAME, FOOD = "What is your name?", "What do you eat?"


def line(d: Desk) -> str:
    return d.screen.query_one(Ask).field.placeholder


def hint(d: Desk) -> str:
    return str(d.screen.query_one("#hint", Label).render())


def answered(d: Desk) -> str:
    return next(text for row in d.screen.record.shown if " eats " in (text := d.screen.record.text(row)))


async def test_of_two_branches_that_ask_the_line_names_the_question_that_the_answer_goes_to(desk: Opens) -> None:
    answers = {NAME: "Ann", FOOD: "soup"}
    async with desk(ASKS_TWO) as d:
        await d.until(lambda: len(d.screen.record.asked) == 2)
        first = NAME if NAME in line(d) else FOOD
        other = FOOD if first == NAME else NAME
        assert line(d) == f"Shop asks “{first}” · 1 of 2: i answers this one"
        await d.press("i")
        assert hint(d).startswith(f"Enter answers: Shop asks “{first}”"), "also while it is typed"
        await d.press(*answers[first], "enter")
        await d.until(lambda: len(d.screen.record.asked) == 1)
        assert d.screen.record.question is not None and d.screen.record.question.text == other
        assert line(d) == "Shop asks you: i answers"
        await d.press("i", *answers[other], "enter")
        await d.status("finished")
        assert answered(d) == "Ann eats soup."


async def test_after_a_resume_the_question_is_known_again(desk: Opens) -> None:
    async with desk(ASKS_TWO) as d:
        await d.until(lambda: len(d.screen.record.asked) == 2)
        first = line(d)
    async with desk(ASKS_TWO, resume="s1") as d:
        await d.press("enter")
        await d.until(lambda: len(d.screen.record.asked) == 2)
        assert line(d) == first and "“" in first
    async with desk(ASKS) as d:  # said in one statement, waited for in another
        await d.status("waiting")
        session = d.bridge.session.id
    async with desk(ASKS, resume=session) as d:
        await d.press("enter")
        await d.status("waiting")
        assert d.screen.record.question is not None and d.screen.record.question.text == "How much?"
