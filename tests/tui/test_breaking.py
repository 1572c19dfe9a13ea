"""Breakpoints: b on what is selected, the list, and what stops at them."""

from __future__ import annotations

from textual.widgets import Input
from tui.desk import Opens
from tui.programs import HAGGLES, SELLS
from tui.test_inspecting import at, text

from playbooks_tui.screens.breakpoints import BreakpointList, Breakpoints
from playbooks_tui.widgets.inspector import Inspector


async def test_b_stops_at_the_selected_step_of_the_program_and_again_takes_it_away(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        await d.press("4")
        d.screen.query_one(Inspector).focus()
        await d.pilot.pause()
        await d.press("down", "b")  # both agents have a Main
        assert [view.text for view in d.bridge.session.breakpoints] == ["Main:01 of Shop"]
        sells, buys = ([line for line in text(d).split("\n") if line.endswith(f"- {what}")] for what in ("Sell", "Buy"))
        assert [line.startswith("■ ") for line in (*sells, *buys)] == [True, False]
        await d.press("5")
        assert "■ Main:01 of Shop" in text(d)
        await d.press("4", "b")
        assert not d.bridge.session.breakpoints
        await d.press("down", "b")
        assert [view.text for view in d.bridge.session.breakpoints] == ["Main:01 of Guest"]


async def test_b_on_a_line_of_code_stops_its_own_agent_alone_where_others_have_a_playbook_of_that_name(
    desk: Opens,
) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        await at(d, "say", "Sold at 80.")
        await d.press("2")
        inspector = d.screen.query_one(Inspector)
        inspector.focus()
        await d.pilot.pause()
        await d.press("down", "b")
        assert [view.text for view in d.bridge.session.breakpoints] == ["line Main:1 of Shop"]


async def test_b_on_a_row_stops_its_own_agent_alone_where_others_have_a_step_of_that_name(desk: Opens) -> None:
    async with desk(SELLS) as d:
        await d.status("finished")
        await at(d, "say", "A pen for 100?")
        await d.press("b")
        assert [view.text for view in d.bridge.session.breakpoints] == ["Main:01 of Shop"]
        await d.press("b")
        assert not d.bridge.session.breakpoints


LONG = """
def respond(request):
    return '''$words = ["word"] * 400
await Say("user", "Many words.")
await EndProgram()
'''
"""


async def test_b_on_a_variable_that_is_too_much_to_compare_says_what_else_to_write(desk: Opens) -> None:
    async with desk(LONG) as d:
        await d.status("finished")
        await at(d, "say", "Many words.")
        inspector = d.screen.query_one(Inspector)
        inspector.focus()
        await d.pilot.pause()
        while not (inspector.selected and inspector.selected.name == "$words"):
            await d.press("down")
        await d.press("b")
        assert (
            d.said[-1] == "what $words is now is too much to be compared: B takes another condition, as len($words) > 3"
        )
        assert not d.bridge.session.breakpoints
        while inspector.selected.name != "$price":
            await d.press("up")
        await d.press("b")
        assert [view.text for view in d.bridge.session.breakpoints] == ["$price != 100"]


async def test_the_list_sets_switches_changes_and_takes_away_breakpoints_and_refuses_nonsense(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        session = d.bridge.session
        await d.press("B")
        await d.until(lambda: isinstance(d.app.screen, Breakpoints))
        field = d.app.screen.query_one(Input)
        field.value = "$price <"
        await d.press("enter")
        assert not session.breakpoints and field.value == "$price <"
        field.value = "$price < 80 hit 2"
        await d.press("enter")
        assert [view.text for view in session.breakpoints] == ["$price < 80 hit 2"]
        await d.press("down")
        assert isinstance(d.app.focused, BreakpointList)
        await d.press("enter")
        assert not session.breakpoints[0].breakpoint.enabled
        await d.press("enter", "e")
        assert field.value == "$price < 80 hit 2"
        field.value = "say /deal/ log they agree"
        await d.press("enter")
        assert session.breakpoints[0].breakpoint.log == "they agree"
        await d.press("down", "x")
        assert session.stops_on_error
        await d.press("d")
        assert "say /deal/ log they agree" not in [view.text for view in session.breakpoints]
        await d.press("escape")
        assert d.app.screen is d.screen


async def test_breakpoints_are_switched_changed_and_taken_away_by_mouse(desk: Opens) -> None:
    async with desk(HAGGLES) as d:
        await d.status("finished")
        session = d.bridge.session
        session.add_breakpoint("say /deal/")
        session.add_breakpoint("error")
        await d.press("B")
        await d.until(lambda: isinstance(d.app.screen, Breakpoints))
        screen = d.app.screen
        await d.pilot.click(BreakpointList, offset=(1, 1))  # its sign
        await d.until(lambda: not session.breakpoints[1].breakpoint.enabled)
        assert session.breakpoints[0].breakpoint.enabled
        hints = screen.query("Label").last()
        words = str(hints.render())
        await d.pilot.click(hints, offset=(words.index("take away"), 0))
        await d.until(lambda: [view.text for view in session.breakpoints] == ["say /deal/"])
        await d.pilot.click("#errors", offset=(4, 0))
        await d.until(lambda: session.stops_on_error)
        await d.pilot.click(hints, offset=(words.index("change"), 0))
        await d.until(lambda: screen.query_one(Input).value == "say /deal/")


async def test_a_breakpoint_stops_the_run_and_its_hit_is_counted(desk: Opens) -> None:
    async with desk(HAGGLES, held=True) as d:
        await d.status("paused")
        d.bridge.session.add_breakpoint("say /80/")
        await d.press("c")
        await d.status("paused")
        assert d.screen.record.text(d.screen.record.newest or 0) == "80"
        await d.press("5")
        await d.until(lambda: "1 hit" in text(d))
