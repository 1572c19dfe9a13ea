"""Who asks: of several questions that wait, the line names the one that the next answer goes to."""

from __future__ import annotations

from textual.widgets import Label
from tui.desk import Desk, Opens
from tui.programs import ASKS, ASKS_TWO, SHOP

from playbooks_tui.widgets.ask import Ask

ASK = """
## Ask($question)
### Steps
- Ask

# Guest
"""
CALLS_TWO = """
MAIN = '''name, food = await asyncio.gather(Ask("What is your name?"), Ask("What do you eat?"))
await Say("user", f"{name} eats {food}.")
await EndProgram()
'''
ASK = '''await Say("user", question)
reply = await Yld("user")
await Return(reply)
'''
def respond(request):
    return {"Main": MAIN, "Ask": ASK}[request.playbook]
"""
"""Two calls of one playbook, each with a question that a statement of its own says."""
WAITS_TWICE = """
def respond(request):
    return '''await Say("user", "What is your name?")
await Say("user", "What do you eat?")
name, food = await asyncio.gather(Yld("user"), Yld("user"))
await Say("user", f"{name} eats {food}.")
await EndProgram()
'''
"""

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


async def test_the_agent_that_the_next_answer_goes_to_is_the_one_that_is_shown(desk: Opens) -> None:
    both = SHOP.replace("startup_mode: standby\n", "")
    model = ASKS.replace("await EndProgram()", "await Return()")
    async with desk(model, program=both) as d:
        await d.until(lambda: len(d.screen.record.asked) == 2)
        for _ in range(2):
            asks = d.screen.record.asked[0]
            await d.until(lambda asks=asks: d.screen.seen is not None and d.screen.seen.inspected.agent == asks)
            left = len(d.screen.record.asked) - 1
            await d.press("i", "3", "enter")
            await d.until(lambda left=left: len(d.screen.record.asked) == left)


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


async def test_after_a_resume_each_of_two_calls_of_one_playbook_is_known_by_its_own_question(desk: Opens) -> None:
    answers = {NAME: "Ann", FOOD: "soup"}
    program = SHOP.replace("\n# Guest\n", ASK)
    async with desk(CALLS_TWO, program=program) as d:
        await d.until(lambda: len(d.screen.record.asked) == 2)
        first = NAME if NAME in line(d) else FOOD
    async with desk(CALLS_TWO, program=program, resume="s1") as d:
        resumed = d.bridge.session.resumed
        assert resumed is not None and {message.text for message in resumed.asked} == {NAME, FOOD}
        await d.press("enter")
        await d.until(lambda: len(d.screen.record.asked) == 2)
        assert line(d) == f"Shop asks “{first}” · 1 of 2: i answers this one"
        await d.press("i", *answers[first], "enter")
        await d.until(lambda: len(d.screen.record.asked) == 1)
        other = FOOD if first == NAME else NAME
        assert d.screen.record.question is not None and d.screen.record.question.text == other


async def test_which_of_two_that_were_said_before_both_is_not_guessed(desk: Opens) -> None:
    for resume in (None, "s1"):
        async with desk(WAITS_TWICE, resume=resume) as d:
            await d.press(*(["enter"] if resume else []))
            await d.until(lambda: len(d.screen.record.asked) == 2)
            assert line(d) == "Shop asks in Main · 1 of 2: i answers this one"
