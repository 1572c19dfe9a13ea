"""Run, pause and step, on the negotiation: where each stops, and that all agents stand still then."""

from __future__ import annotations

import asyncio
import sys
import threading
import types
from pathlib import Path

import pytest
from session.controlled import Desk, play

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import Notice, StatusChanged, Stopped
from playbooks.runtime.work_clock import WorkClock

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


# -- coming to a stop ------------------------------------------------------------------------------------------------


def test_a_pause_is_pausing_until_the_tool_at_work_has_ended(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = types.ModuleType("gate")
    begun, ends = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert ends.wait(60)
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
            await asyncio.to_thread(begun.wait, 60)
            session.pause()
            for _ in range(100):
                await asyncio.sleep(0)
            assert statuses[-1] == "pausing"
            ends.set()
            await asyncio.wait_for(stopped.wait(), 60)
            assert statuses[-1] == "paused"
            assert session.timeline[-1].kind == "tool"  # its end is kept, and nothing after it began
            session.go()
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
