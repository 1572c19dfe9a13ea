"""Run, pause, step and breakpoints, on the negotiation: where each stops, and that all agents stand still then."""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
import types
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import BreakpointHit, BreakpointsChanged, Notice, Output, StatusChanged, Stop, Stopped
from playbooks.runtime.work_clock import WorkClock

EXAMPLES = Path(__file__).parents[2] / "examples"


class Desk:
    """A negotiation under way, held before its first await."""

    def __init__(self, session: DebugSession) -> None:
        self.session = session
        self.notices: list[Notice] = []
        self._stopped = asyncio.Event()
        session.subscribe(self._told)
        session.pause()
        self.running = asyncio.create_task(session.run())

    def _told(self, notice: Notice) -> None:
        self.notices.append(notice)
        if isinstance(notice, Stopped):
            self._stopped.set()

    async def stopped(self) -> Stop:
        """Waits until the run stands still; gives why."""
        waiting = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({waiting, self.running}, return_when=asyncio.FIRST_COMPLETED)
        assert self._stopped.is_set(), f"it ended: {self.session.status} {self.session.error}"
        self._stopped.clear()
        assert self.session.status == "paused"
        stop = self.session.stop
        assert stop is not None
        return stop

    async def after(self, act: Callable[[], Any]) -> Stop:
        act()
        return await self.stopped()

    async def ended(self) -> str:
        self.session.go()
        return await self.running

    @property
    def ids(self) -> list[str]:
        return [header.id for header in self.session.timeline]

    def statements(self, agent: str) -> list[str]:
        return [header.statement for header in self.session.timeline if header.agent == agent]


def play(test: Callable[[Desk], Awaitable[None]], *breakpoints: str) -> None:
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, name)
    config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()

    async def main() -> None:
        opened = DebugSession.open("negotiation.pb", config=config, verify=True, breakpoints=breakpoints)
        async with opened as session:
            desk = Desk(session)
            assert (await desk.stopped()).reason == "pause"
            await asyncio.wait_for(test(desk), 120)
            session.interrupt()
            await desk.running

    asyncio.run(main())


# -- steps -----------------------------------------------------------------------------------------------------------


def test_before_the_first_await_nothing_has_happened() -> None:
    async def test(desk: Desk) -> None:
        assert desk.ids == []

    play(test)


def test_a_step_of_any_agent_makes_one_checkpoint() -> None:
    async def test(desk: Desk) -> None:
        for count in range(2, 12):
            await desk.after(desk.session.step)
            assert len(desk.ids) == count  # and the session's start

    play(test)


def test_a_pause_is_nobodys_time_also_not_that_of_calls_that_wait() -> None:
    async def test(desk: Desk) -> None:
        gone, runtime = 0.0, desk.session.runtime
        runtime.worked = WorkClock(lambda: gone)
        runtime.worked.stands(True)
        for frame in runtime.frames.live.values():  # held since before
            frame.since = gone
        for _ in range(12):  # before the model is asked, within Haggle, before a message is heard
            gone += 10.0
            await desk.after(desk.session.step)
        gone += 10.0
        assert await desk.ended() == "finished"
        assert {header.took for header in desk.session.timeline} == {0.0}

    play(test)


def test_over_goes_past_a_call_into_goes_inside_it_and_out_comes_back() -> None:
    async def test(desk: Desk) -> None:
        session = desk.session
        for _ in range(4):
            await desk.after(lambda: session.step_over("1000"))
        assert desk.statements("1000")[-1] == 'await Step("Main:02:EXE")'
        stop = await desk.after(lambda: session.step_into("1000"))
        inside = session.timeline[-1]
        assert (stop.reason, stop.agent, stop.checkpoint) == ("step", "1000", "1000_ckpt_5")
        assert next(h for h in session.timeline if h.id == stop.checkpoint).playbook == "Haggle"
        assert inside.playbook in ("Haggle", "Main")
        stop = await desk.after(lambda: session.step_over("1000"))
        assert next(h for h in session.timeline if h.id == stop.checkpoint).playbook == "Haggle"
        stop = await desk.after(lambda: session.step_out("1000"))
        last = next(h for h in session.timeline if h.id == stop.checkpoint)
        assert (last.playbook, last.statement) == ("Main", 'await Haggle("pen")')
        assert await desk.ended() == "finished"

    play(test)


def test_over_a_call_stops_when_it_has_returned_while_the_others_talk() -> None:
    async def test(desk: Desk) -> None:
        session = desk.session
        for _ in range(4):
            await desk.after(lambda: session.step_over("1000"))
        stop = await desk.after(lambda: session.step_over("1000"))
        assert next(h for h in session.timeline if h.id == stop.checkpoint).statement == 'await Haggle("pen")'
        assert any(header.agent == "1001" for header in session.timeline)

    play(test)


def test_a_step_of_another_agent_ends_with_a_checkpoint_of_that_one() -> None:
    async def test(desk: Desk) -> None:
        for _ in range(3):
            stop = await desk.after(lambda: desk.session.step_over("1001"))
            assert stop.agent == "1001" or not desk.statements("1001")
        assert desk.statements("1001")

    play(test)


def test_everybody_stands_still_once_the_run_is_stopped() -> None:
    async def test(desk: Desk) -> None:
        for _ in range(6):
            await desk.after(desk.session.step_over)
            count = len(desk.ids)
            for _ in range(200):
                await asyncio.sleep(0)
            assert len(desk.ids) == count

    play(test)


def test_run_to_a_step_stops_there_once() -> None:
    async def test(desk: Desk) -> None:
        stop = await desk.after(lambda: desk.session.run_to("Main:03 of Seller"))
        assert desk.statements("1000")[-1] == 'await Step("Main:03:EXE")'
        assert stop.text == "Main:03"
        assert desk.session.breakpoints == ()
        assert await desk.ended() == "finished"

    play(test)


def test_run_to_a_checkpoint_comes_to_its_statement_again() -> None:
    async def test(desk: Desk) -> None:
        session = desk.session
        await desk.after(lambda: session.run_to("Main:02"))
        place = session.timeline[-1]
        assert await desk.ended() == "finished"
        await session.fork(session.timeline[1].id)
        session.pause()
        desk.running = asyncio.create_task(session.run())
        await desk.stopped()
        stop = await desk.after(lambda: session.run_to(place.id))
        again = next(header for header in session.timeline if header.id == stop.checkpoint)
        assert again.branch != place.branch
        assert (again.statement, again.step) == (place.statement, place.step)

    play(test)


def test_run_to_what_is_no_place_is_refused() -> None:
    async def test(desk: Desk) -> None:
        for where, said in [("1000_ckpt_99", "there is no checkpoint"), ("Main:77", "no step"), ("say x", "slashes")]:
            with pytest.raises(UserError, match=said):
                desk.session.run_to(where)

    play(test)


def test_a_pause_takes_hold_while_it_runs_and_ends_with_go() -> None:
    async def test(desk: Desk) -> None:
        desk.session.subscribe(lambda notice: desk.session.pause() if len(desk.ids) == 6 else None)
        desk.session.go()
        assert (await desk.stopped()).reason == "pause"
        assert len(desk.ids) < 12

    play(test)


# -- breakpoints -----------------------------------------------------------------------------------------------------


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


# -- coming to a stop ------------------------------------------------------------------------------------------------


def test_a_pause_is_pausing_until_the_tool_at_work_has_ended(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = types.ModuleType("gate")
    begun, ends = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert ends.wait(20)
        return "done"

    gate.work = work  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gate", gate)
    (alone / "work.pb").write_text(WORKS, "utf-8")
    (alone / "model.py").write_text(
        "def respond(request):\n    return '''x = await Work()\nawait Say(\"user\", x)\nawait EndProgram()\n'''\n"
    )

    async def main() -> None:
        async with DebugSession.open("work.pb", config=Config.load().for_debug()) as session:
            statuses: list[str] = []
            stopped = asyncio.Event()

            def told(notice: Notice) -> None:
                if isinstance(notice, StatusChanged):
                    statuses.append(notice.status)
                if isinstance(notice, Stopped):
                    stopped.set()

            session.subscribe(told)
            running = asyncio.create_task(session.run())
            await asyncio.to_thread(begun.wait, 20)
            session.pause()
            for _ in range(100):
                await asyncio.sleep(0)
            assert statuses[-1] == "pausing"
            ends.set()
            await asyncio.wait_for(stopped.wait(), 20)
            assert statuses[-1] == "paused"
            assert session.timeline[-1].kind == "tool"  # its end is kept, and nothing after it began
            session.go()
            assert session.status in ("running", "paused", "pausing")
            assert await running == "finished"
            assert session.messages[-1].text == "done"

    asyncio.run(main())


WORKS = """---
model: script:model.py
---
# Clerk
```python
import asyncio
import gate

@playbook
async def Work():
    return await asyncio.to_thread(gate.work)
```
## Main
### Triggers
- When the program starts
### Steps
- Work
"""
