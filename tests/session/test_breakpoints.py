"""Breakpoints, on the negotiation: where each stops the run, what holds it back, and that it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from session.controlled import Desk, play

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import BreakpointHit, BreakpointsChanged, Output


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("Main:02", 'await Step("Main:02:EXE")'),
        ("Buyer", 'await Step("Main:01:YLD")'),
        ("say /[Pp]en/", None),
        ("to Boss", None),
        ("from Buyer", None),
        ("$price < 100", None),
        ("len($offers) == 1 of Seller", None),
    ],
)
def test_a_breakpoint_stops_at_the_checkpoint_that_meets_it(text: str, statement: str | None) -> None:
    async def test(desk: Desk) -> None:
        stop = await desk.after(desk.session.go)
        assert stop.reason == "breakpoint"
        assert stop.text == f"{text.removesuffix(' of Seller')} at {stop.checkpoint}"
        header = next(header for header in desk.session.timeline if header.id == stop.checkpoint)
        if statement is not None:
            assert header.statement == statement
        elif "$" not in text:
            assert header.kind == "say"
        else:
            moment = await desk.session.state_at(stop.checkpoint)
            before = await desk.session.state_at(header.parent)
            assert moment.variables("1000") != before.variables("1000")
        (view,) = desk.session.breakpoints
        assert (view.id, view.text, view.count, view.problem) == (1, text, 1, "")
        (hit,) = [notice for notice in desk.notices if isinstance(notice, BreakpointHit)]
        assert (hit.breakpoint, hit.where, hit.stops) == (1, text, True)

    play(test, text)


@pytest.mark.parametrize(
    ("text", "next_statement"),
    [
        ("call Haggle", 'await Haggle("pen")'),
        ("playbook Haggle", 'await Haggle("pen")'),
        ("tool Counter", "await Counter(offer)"),
        ("code /Haggle/", 'await Haggle("pen")'),
        ("call Say of Buyer", None),
    ],
)
def test_a_breakpoint_on_what_begins_stops_before_it_has(text: str, next_statement: str | None) -> None:
    async def test(desk: Desk) -> None:
        session = desk.session
        stop = await desk.after(session.go)
        assert (stop.reason, stop.breakpoint) == ("breakpoint", 1)
        made = len(desk.ids)
        assert not any("Haggle(" in statement for statement in desk.statements("1000"))
        session.remove_breakpoint(1)
        await desk.after(session.step_over if next_statement is None else lambda: session.step_over("1000"))
        assert len(desk.ids) > made
        if next_statement is not None and "Counter" not in next_statement:
            assert desk.statements("1000")[-1] == next_statement

    play(test, text)


def test_a_line_of_a_response_is_stopped_at_before_it_runs() -> None:
    async def test(desk: Desk) -> None:
        await desk.after(desk.session.step)
        await desk.after(desk.session.step)
        line = desk.session.timeline[-1].line
        desk.session.add_breakpoint(f"line Main:{line + 2} of Seller")
        await desk.after(desk.session.go)
        assert desk.statements("1000")[-1] == 'await CreateAgent("Boss")'
        await desk.after(lambda: desk.session.step_over("1000"))
        last = [header for header in desk.session.timeline if header.agent == "1000"][-1]
        assert last.line == line + 2

    play(test)


def test_conditions_hit_counts_and_switches_hold_a_breakpoint_back() -> None:
    async def test(desk: Desk) -> None:
        session = desk.session
        session.add_breakpoint("say /./ if $price < 100")
        session.add_breakpoint("Seller hit 3")
        session.add_breakpoint("Seller off")
        stop = await desk.after(session.go)
        assert stop.breakpoint == 2
        assert [header.agent for header in session.timeline].count("1000") == 3
        session.enable_breakpoint(2, enabled=False)
        stop = await desk.after(session.go)
        assert stop.breakpoint == 1
        moment = await session.state_at(stop.checkpoint)
        assert moment.variables("1000")["$price"] < 100
        assert [view.text for view in session.breakpoints][1:] == ["Seller hit 3 off", "Seller off"]

    play(test)


def test_a_log_point_notes_and_does_not_stop() -> None:
    async def test(desk: Desk) -> None:
        desk.session.add_breakpoint("from Seller log asks {$price}, {missing}")
        assert await desk.ended() == "finished"
        noted = [notice.text for notice in desk.notices if isinstance(notice, Output) and notice.kind == "log"]
        assert noted[0] == "asks 100, <there is no variable missing here>"

    play(test)


def test_a_condition_that_has_no_value_says_so_and_never_stops() -> None:
    async def test(desk: Desk) -> None:
        desk.session.add_breakpoint("Seller if $price + 'x'")
        assert await desk.ended() == "finished"
        (view,) = desk.session.breakpoints
        assert "unsupported operand" in view.problem
        assert view.count == 0

    play(test)


def test_what_is_already_true_stops_only_when_it_becomes_so_again() -> None:
    async def test(desk: Desk) -> None:
        desk.session.add_breakpoint("$price > 10")
        assert await desk.ended() == "finished"

    play(test)


def test_stop_on_error_is_a_breakpoint_like_any_other() -> None:
    async def test(desk: Desk) -> None:
        session = desk.session
        session.stop_on_error()
        assert session.stops_on_error
        assert [view.text for view in session.breakpoints] == ["error"]
        session.stop_on_error(False)
        assert not session.stops_on_error
        assert session.breakpoints == ()
        await asyncio.sleep(0)
        assert sum(isinstance(notice, BreakpointsChanged) for notice in desk.notices) == 2

    play(test)


def test_changing_what_is_not_there_or_no_breakpoint_is_refused_and_changes_nothing() -> None:
    async def test(desk: Desk) -> None:
        session = desk.session
        session.add_breakpoint("Main:02")
        for act in (
            lambda: session.remove_breakpoint(7),
            lambda: session.enable_breakpoint(7),
            lambda: session.change_breakpoint(7, "Main:02"),
            lambda: session.change_breakpoint(1, "say deal"),
            lambda: session.add_breakpoint("Main:99"),
        ):
            with pytest.raises(UserError):
                act()
        assert [view.text for view in session.breakpoints] == ["Main:02"]
        session.change_breakpoint(1, "Main:03")
        assert [(view.id, view.text) for view in session.breakpoints] == [(1, "Main:03")]

    play(test)


def test_breakpoints_come_back_with_the_session(alone: Path) -> None:
    async def test(desk: Desk) -> None:
        await desk.after(desk.session.step)
        desk.session.add_breakpoint("say /deal/ if $price < 80 log {$price}")
        desk.session.remove_breakpoint(1)

    play(test, "Main:03", "error off")

    async def again() -> None:
        config = Config.load().for_debug()
        async with DebugSession.open("negotiation.pb", config=config, resume=True, breakpoints=["Seller"]) as session:
            assert [view.text for view in session.breakpoints] == [
                "error off", "say /deal/ if $price < 80 log {$price}", "Seller"
            ]  # fmt: skip

    asyncio.run(again())


def test_a_breakpoint_that_is_none_is_told_on_opening() -> None:
    with pytest.raises(UserError, match="there is no agent or playbook Sellr; did you mean Seller"):
        play(lambda desk: asyncio.sleep(0), "Sellr")
