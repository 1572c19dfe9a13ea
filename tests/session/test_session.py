"""The façade's promises: open, run, step, pause, stop, look, go on."""

from __future__ import annotations

import asyncio
import textwrap
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import ExitStatus, UserError
from playbooks.runtime.notices import Asked, MessageSent, Notice, Output, StatusChanged
from playbooks.session.resume import NothingToResume

PROGRAM = """
---
model: script:model.py
---
# Clerk
```python
price = 5
```
## Main
### Triggers
- When the program starts
### Steps
- Go
"""
ASKS = """
    await Say("user", f"It costs {$price}. Your name?")
    name = await Yld("user")
    $sold = True
    await Say("user", f"Bye, {name}.")
    await Return(name)
"""
TALKS = """
    await Say("user", "one")
    $n = 1
    await Say("user", "two")
    $n = 2
    await Return($n)
"""


def program(folder: Path, answer: str) -> str:
    """A program with one playbook, and a script that gives this answer to every request."""
    (folder / "clerk.pb").write_text(PROGRAM.lstrip(), "utf-8")
    text = textwrap.dedent(answer).lstrip()
    (folder / "model.py").write_text(f"def respond(request):\n    return {text!r}\n", "utf-8")
    return "clerk.pb"


def opened(path: str, **options: Any) -> DebugSession:
    overrides = {"model": {"token_delay_s": 0}, "durability": {"enabled": True}}
    options.setdefault("config", Config.load(overrides=overrides))
    return DebugSession.open(*([path] if path else []), verify=True, **options)


def within(session: DebugSession, test: Callable[[DebugSession], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with session as entered:
            return await asyncio.wait_for(test(entered), 120)

    return asyncio.run(main())


def answering(session: DebugSession, *answers: str) -> None:
    """The person answers each question in turn, and then has no more to say."""
    left = list(answers)

    def told(notice: Notice) -> None:
        if isinstance(notice, Asked) and notice.agents:
            session.say(left.pop(0)) if left else session.close_input()

    session.subscribe(told)


async def run(session: DebugSession) -> str:
    return await session.run()


# -- running ---------------------------------------------------------------------------------------------------------


def test_a_run_gives_its_timeline_messages_and_status(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        answering(session, "Ann")
        assert session.status == "ready"
        assert await session.run() == "finished"
        assert session.exit_status is ExitStatus.FINISHED
        assert [(header.id, header.kind) for header in session.timeline] == [
            ("human_ckpt_1", "start"),
            ("1000_ckpt_1", "say"),
            ("human_ckpt_2", "say"),
            ("1000_ckpt_2", "heard"),
            ("1000_ckpt_3", "say"),
            ("1000_ckpt_4", "end"),
        ]
        assert [(message.sender, message.text) for message in session.messages] == [
            ("1000", "It costs 5. Your name?"),
            ("human", "Ann"),
            ("1000", "Bye, Ann."),
        ]
        assert session.id == "s1"
        assert session.calls == 1
        assert session.agents["1000"].status == "idle"

    within(opened(program(alone, ASKS)), test)


def test_without_checkpoints_it_runs_all_the_same_and_leaves_nothing(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        assert await session.run() == "finished"
        assert [header.kind for header in session.timeline][1:] == ["say", "say", "end"]

    within(opened(program(alone, TALKS), durable=False), test)
    assert not (alone / ".checkpoints").exists()


def test_variables_can_be_set_and_something_said_before_the_first_statement(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        assert await session.run() == "finished"
        assert session.messages[0].text == "Ann"
        assert session.messages[1].text == "It costs 80. Your name?"

    within(opened(program(alone, ASKS), set={"price": 80}, message="Ann"), test)


def test_setting_a_variable_of_an_agent_that_is_not_there_is_refused(alone: Path) -> None:
    with pytest.raises(UserError, match="there is no agent 1007"):
        within(opened(program(alone, ASKS), set={"1007.price": 80}), run)


def test_setting_what_looks_like_a_slip_is_refused_unless_it_is_meant(alone: Path) -> None:
    with pytest.raises(UserError, match=r"agent 1000 has no variable pric; did you mean price\?"):
        within(opened(program(alone, ASKS), set={"pric": 80}), run)
    within(opened(program(alone, TALKS), set={"$pric": 80, "mood": "grim"}), run)


def test_a_program_that_is_not_there_is_one_line(alone: Path) -> None:
    with pytest.raises(UserError, match=r"missing\.pb"):
        within(opened("missing.pb"), run)


def test_a_failed_run_says_why_and_ends_with_one(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        assert await session.run() == "failed"
        assert session.exit_status is ExitStatus.FAILED
        assert session.error.startswith("Clerk failed: Main failed 3 times in a row and was given up")
        assert "\n" not in session.error

    within(opened(program(alone, "undefined")), test)


def test_a_person_who_leaves_ends_it_with_three_and_it_can_be_resumed(alone: Path) -> None:
    path = program(alone, ASKS)

    async def leaves(session: DebugSession) -> None:
        answering(session)
        await session.run()
        assert session.exit_status is ExitStatus.NO_INPUT

    async def answers(session: DebugSession) -> None:
        answering(session, "Ann")
        assert await session.run() == "finished"
        assert [message.text for message in session.messages] == ["It costs 5. Your name?", "Ann", "Bye, Ann."]

    within(opened(path), leaves)
    within(opened(path, resume=True), answers)


# -- pausing and stepping --------------------------------------------------------------------------------------------


def test_paused_before_it_begins_nothing_happens_until_it_is_stepped_one_checkpoint_at_a_time(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        paused = asyncio.Queue[int]()

        def told(notice: Notice) -> None:
            if isinstance(notice, StatusChanged) and notice.status == "paused":
                paused.put_nowait(len(session.timeline))

        session.subscribe(told)
        session.pause()
        running = asyncio.ensure_future(session.run())
        assert await paused.get() == 0
        session.step()
        while (seen := await paused.get()) == 0:  # the model is asked first
            session.step()
        assert seen == 2  # the session's start comes with the first statement
        session.step()
        while (seen := await paused.get()) == 2:
            pass
        assert seen == 3
        session.go()
        assert await running == "finished"

    within(opened(program(alone, TALKS)), test)


# -- stopping and going on -------------------------------------------------------------------------------------------


def test_an_interrupted_run_goes_on_in_the_same_session_and_branch_to_the_same_end(alone: Path) -> None:
    path = program(alone, ASKS)

    async def stops(session: DebugSession) -> None:
        session.subscribe(lambda notice: session.interrupt() if isinstance(notice, Asked) else None)
        assert await session.run() == "interrupted"
        assert session.exit_status is ExitStatus.INTERRUPTED
        assert session.timeline[-1].kind == "interrupt"
        assert [message.text for message in session.messages] == ["It costs 5. Your name?"]

    async def goes_on(session: DebugSession) -> None:
        assert session.resumed is not None
        assert (session.resumed.session, session.resumed.branch) == ("s1", "main")
        answering(session, "Ann")
        assert await session.run() == "finished"
        assert [message.text for message in session.messages] == ["It costs 5. Your name?", "Ann", "Bye, Ann."]
        assert session.id == "s1"

    within(opened(path), stops)
    within(opened(path, resume=True), goes_on)


@pytest.mark.parametrize("ending", ["finished", "interrupted"])
def test_a_run_that_is_over_is_not_run_again_and_says_how_it_ended(alone: Path, ending: str) -> None:
    async def test(session: DebugSession) -> None:
        if ending == "interrupted":
            session.subscribe(lambda notice: session.interrupt() if isinstance(notice, Asked) else None)
        assert await session.run() == ending
        count = len(session.timeline)
        async with asyncio.timeout(60):
            assert await session.run() == ending
        assert len(session.timeline) == count and session.status == ending

    within(opened(program(alone, TALKS if ending == "finished" else ASKS)), test)


def test_when_all_is_finished_there_is_nothing_to_resume(alone: Path) -> None:
    path = program(alone, TALKS)
    within(opened(path), run)
    with pytest.raises(NothingToResume) as told:
        within(opened(path, resume=True), run)
    assert told.value.status is ExitStatus.FINISHED


def test_resuming_a_program_without_a_session_begins_it(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        assert session.resumed is None
        assert await session.run() == "finished"

    within(opened(program(alone, TALKS), resume=True), test)


@pytest.mark.parametrize("id", ["s9", "1000_ckpt_99"])
def test_an_id_of_nothing_is_one_line(alone: Path, id: str) -> None:
    path = program(alone, TALKS)
    within(opened(path), run)
    with pytest.raises(UserError, match=id):
        within(opened("", resume=id), run)


# -- looking ---------------------------------------------------------------------------------------------------------


def test_looking_at_a_past_moment_never_runs_anything(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        answering(session, "Ann")
        await session.run()
        count = len(session.timeline)
        first = await session.state_at("1000_ckpt_1")
        assert first.variables("1000") == {"$price": 5}
        assert [frame.playbook for frame in first.call_stack("1000")] == ["Main"]
        assert [message.text for message in first.messages] == ["It costs 5. Your name?"]
        later = await session.state_at("1000_ckpt_3")
        assert later.variables("1000") == {"$price": 5, "$sold": True, "name": "Ann"}
        assert len(session.timeline) == count

    within(opened(program(alone, ASKS)), test)


def test_a_listener_hears_everything_until_it_leaves(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        heard: list[Notice] = []
        outputs: list[Notice] = []
        leave = session.subscribe(heard.append)
        session.subscribe(lambda notice: outputs.append(notice) if isinstance(notice, Output) else None)
        leave()
        leave()
        await session.run()
        assert heard == []
        assert [notice.text for notice in outputs if isinstance(notice, Output)] == ["hi"]

    within(opened(program(alone, "print('hi')\nawait Return(1)")), test)


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass\n",
        "def spin():\n    while True:\n        pass\nspin()\n",
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass\n",
    ],
    ids=["a loop", "a helper", "a loop that catches all"],
)
def test_code_that_never_awaits_is_broken_into_from_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    session = opened(program(tmp_path, f'await Say("user", "ready")\n{code}'))
    ready = threading.Event()

    def told(notice: Notice) -> None:
        if isinstance(notice, MessageSent):
            ready.set()

    async def run() -> None:
        async with session:
            session.subscribe(told)
            await session.run()

    engine = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    engine.start()
    assert ready.wait(60)
    session.interrupt()
    engine.join(60)
    assert not engine.is_alive()
    assert session.status == "interrupted"
    assert session.timeline[-1].kind == "interrupt"


def test_what_is_said_while_a_resume_replays_is_heard_once_it_has(alone: Path) -> None:
    path = program(alone, ASKS)

    async def leave(session: DebugSession) -> None:
        session.subscribe(lambda notice: session.interrupt() if isinstance(notice, Asked) and notice.agents else None)
        assert await session.run() == "interrupted"

    async def go_on(session: DebugSession) -> None:
        def told(notice: Notice) -> None:
            if notice == StatusChanged("running"):
                assert not session.runtime.replay.over
                session.say("Ann")

        session.subscribe(told)
        assert await session.run() == "finished"
        assert [message.text for message in session.messages][-2:] == ["Ann", "Bye, Ann."]

    within(opened(path), leave)
    within(opened(path, resume=True), go_on)
