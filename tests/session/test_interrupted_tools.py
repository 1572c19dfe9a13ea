"""A tool that was under way when the process died: it is shown as *may have run*, and `interrupted_tool` decides.

The tool copies the storage path while it runs: what a kill in that very moment would leave.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkpoints.records import KEY, begin

from playbooks import DebugSession
from playbooks.checkpoints.facts import INTENTS
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.sqlite import SQLiteStore
from playbooks.checkpoints.store import StorageError
from playbooks.config import Config
from playbooks.console.moment import moment_rows
from playbooks.console.resumed import resume_lines
from playbooks.console.timeline import timeline_rows
from playbooks.errors import ExitStatus
from playbooks.runtime.notices import Committed, MayHaveRun, Notice
from playbooks.runtime.runtime import Runtime
from playbooks.session.edits import Edits
from playbooks.session.interrupted import intents_after
from playbooks.session.library import SessionLibrary

PROGRAM = """---
model: script:model.py
---
# Shop
Takes money.
```python
import asyncio
import os
import shutil

def crash(name):
    if not os.path.exists(name):
        shutil.copytree(".checkpoints", name)

@playbook
async def Charge(amount):
    with open("ledger.txt", "a") as ledger:
        ledger.write(f"{amount} ")
    crash("crash")
    return f"paid {amount}"

@playbook
async def Hang():
    await asyncio.Event().wait()

@playbook
async def Sum(count):
    crash("early")
    total = 0
    for n in range(count):
        total += await Add(n)
        crash("inside")
    return total

@playbook
async def Add(n):
    return n
```
## Main
### Triggers
- When the program starts
### Steps
- Go
"""
SELLS = """
await Say("user", "hello")
try:
    paid = await Charge(10)
except Exception as error:
    paid = type(error).__name__
await Say("user", f"it is {paid}")
await Return(paid)
"""
FIRST = 'paid = await Charge(10)\nawait Say("user", f"it is {paid}")\nawait Return(paid)\n'


@pytest.fixture(params=["filesystem", "sqlite"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Writes a program whose model gives one answer, and opens sessions of it."""
    monkeypatch.chdir(tmp_path)
    Path("shop.pb").write_text(PROGRAM, "utf-8")

    def opened(storage: str, answer: str = "", **options: Any) -> DebugSession:
        if answer:
            Path("model.py").write_text(f"def respond(request):\n    return {answer!r}\n", "utf-8")
        durability = {"enabled": True, "provider": request.param, "storage_path": storage, **options.pop("how", {})}
        config = Config.load(overrides={"model": {"token_delay_s": 0}, "durability": durability, **options})
        return DebugSession.open(
            *([] if storage != ".checkpoints" else ["shop.pb"]),
            resume=None if storage == ".checkpoints" else "s1",
            config=config,
            verify=True,
        )

    return opened


def play(session: DebugSession, answer: Callable[[DebugSession, MayHaveRun], None] | None = None) -> Any:
    """Runs a session to its end: what was said, and what was told of interrupted calls."""
    told: list[tuple[str, str]] = []

    def listen(notice: Notice) -> None:
        if isinstance(notice, MayHaveRun):
            told.append((notice.call, notice.decision))
            if notice.decision == "ask" and answer:
                answer(session, notice)

    async def main() -> Any:
        async with session:
            session.subscribe(listen)
            resumed = session.resumed.may_have_run if session.resumed else ()
            await asyncio.wait_for(session.run(), 120)
            again = [header.statement for header in session.timeline if header.again]
            return [message.text for message in session.messages], told, resumed, again, session.exit_status

    return asyncio.run(main())


def ledger() -> str:
    return Path("ledger.txt").read_text("utf-8").strip()


def test_a_tool_in_flight_at_a_crash_runs_again_and_is_shown_as_may_have_run(shop: Callable[..., Any]) -> None:
    assert play(shop(".checkpoints", SELLS))[:2] == (["hello", "it is paid 10"], [])
    said, told, resumed, again, _ = play(shop("crash"))
    assert said == ["hello", "it is paid 10"]
    assert told == [("Charge(10)", "rerun")]
    assert resumed == ("Charge(10) of 1000 may have run: it runs again when the program comes to it",)
    assert again == ["await Charge(10)"]
    assert ledger() == "10 10"


def test_a_tool_that_is_the_first_thing_of_all_is_shown_as_may_have_run_too(shop: Callable[..., Any]) -> None:
    assert play(shop(".checkpoints", FIRST))[:2] == (["it is paid 10"], [])
    with SessionLibrary.open(shop("crash").config) as library:
        timeline = library.timeline("s1")
        assert [(header.id, header.kind) for header in timeline.headers] == [("human_ckpt_1", "start")]
        assert [attempt.call for attempt in timeline.may_have_run["human_ckpt_1"]] == ["Charge(10)"]
        assert [attempt.call for attempt in library.look("human_ckpt_1").may_have_run] == ["Charge(10)"]
    session = shop("crash")
    said, told, resumed, again, _ = play(session)
    assert (said, told, again) == (["it is paid 10"], [("Charge(10)", "rerun")], ["await Charge(10)"])
    assert list(resume_lines(session.resumed)) == ["🔄 Found the start of s1: nothing has completed since"]
    assert resumed == ("Charge(10) of 1000 may have run: it runs again when the program comes to it",)
    assert ledger() == "10 10"


def test_a_first_tool_that_does_not_end_at_ctrl_c_is_its_agents_and_may_have_run(
    shop: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Runtime.interrupt, "__defaults__", (0.0,))

    async def stopped() -> list[tuple[str, str]]:
        async with shop(".checkpoints", "await Hang()\n") as session:
            session.subscribe(lambda notice: session.interrupt() if isinstance(notice, Committed) else None)
            assert await session.run() == "interrupted"
            return [(header.agent, header.kind) for header in session.timeline]

    assert asyncio.run(stopped()) == [("human", "start"), ("1000", "interrupt")]
    with SessionLibrary.open(shop(".checkpoints").config) as library:
        assert [attempt.call for attempt in library.look("1000_ckpt_1").may_have_run] == ["Hang()"]


def test_killed_while_the_model_is_asked_for_the_first_time_nothing_is_kept(shop: Callable[..., Any]) -> None:
    Path("model.py").write_text(
        "import shutil\n"
        "def respond(request):\n"
        "    shutil.copytree('.checkpoints', 'crash')\n"
        "    return 'await Return(1)\\n'\n",
        "utf-8",
    )
    Path(".checkpoints").mkdir()
    play(shop(".checkpoints"))
    with SessionLibrary.open(shop("crash").config) as library:
        assert library.sessions() == []


def test_killed_at_any_moment_before_the_first_thing_completed_it_is_marked_or_had_not_begun(
    shop: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[tuple[str, bool]] = []

    def copy() -> None:
        left.append((f"left{len(left)}", Path("ledger.txt").exists()))
        shutil.copytree(".checkpoints", left[-1][0])

    def watched(original: Callable[..., Any]) -> Callable[..., Any]:
        def write(*given: Any) -> None:
            copy()
            original(*given)
            copy()

        return write

    with monkeypatch.context() as patch:
        for store in (FileStore, SQLiteStore):
            for name in ("note", "write", "write_group"):
                patch.setattr(store, name, watched(getattr(store, name)))
        assert play(shop(".checkpoints", FIRST))[0] == ["it is paid 10"]
    first = [ran for _, ran in left].index(True)
    assert first >= 8, "its intent, the session's facts and its start are written before it runs"
    for name, ran in left[: first + 1]:
        with SessionLibrary.open(shop(name).config) as library:
            marked = [
                attempt.call
                for session in library.sessions()
                for attempts in library.timeline(session.id).may_have_run.values()
                for attempt in attempts
            ]
            assert [len(marked), len(library.sessions())] in ([[1, 1]] if ran else [[0, 0], [1, 1]]), name


def test_with_fail_the_call_raises_to_the_code_and_does_not_run(shop: Callable[..., Any]) -> None:
    play(shop(".checkpoints", SELLS))
    said, told, _, again, _ = play(shop("crash", how={"interrupted_tool": "fail"}))
    assert said == ["hello", "it is ToolInterrupted"]
    assert told == [("Charge(10)", "fail")]
    assert again == ["await Charge(10)"]
    assert ledger() == "10"


@pytest.mark.parametrize(
    ("how", "value", "said", "runs"),
    [
        ("result", "paid by hand", "it is paid by hand", "10"),
        ("fail", None, "it is ToolInterrupted", "10"),
        ("rerun", None, "it is paid 10", "10 10"),
    ],
)
def test_with_ask_the_person_decides(shop: Callable[..., Any], how: Any, value: Any, said: str, runs: str) -> None:
    play(shop(".checkpoints", SELLS))
    heard, told, *_ = play(
        shop("crash", how={"interrupted_tool": "ask"}),
        lambda session, notice: session.decide(notice.id, how, value),
    )
    assert heard == ["hello", said]
    assert told == [("Charge(10)", "ask"), ("Charge(10)", how)]
    assert ledger() == runs


def test_with_ask_and_nobody_to_answer_input_is_needed_and_the_next_resume_asks_again(shop: Callable[..., Any]) -> None:
    play(shop(".checkpoints", SELLS))
    asking = {"interrupted_tool": "ask"}
    *_, status = play(shop("crash", how=asking), lambda session, _: session.close_input())
    assert status == ExitStatus.NO_INPUT
    said, told, *_ = play(shop("crash", how=asking), lambda session, notice: session.decide(notice.id, "result", 3))
    assert said == ["hello", "it is 3"]
    assert told == [("Charge(10)", "ask"), ("Charge(10)", "result")]
    assert ledger() == "10"


def test_a_completed_tool_is_never_asked_about(shop: Callable[..., Any]) -> None:
    play(shop(".checkpoints", SELLS))

    async def resume() -> Any:
        async with shop("crash") as session:
            await session.run()
            return session.timeline[-1].id

    asyncio.run(resume())
    assert play(shop("crash", how={"interrupted_tool": "fail"}))[1] == []
    assert ledger() == "10 10"


def test_a_tool_that_came_to_an_await_of_its_own_goes_on_from_there_unasked(shop: Callable[..., Any]) -> None:
    code = 'await Say("user", "hello")\ntotal = await Sum(3)\nawait Say("user", f"{total}")\nawait Return(total)\n'
    play(shop(".checkpoints", code))
    failing = {"interrupted_tool": "fail"}
    assert play(shop("inside", how=failing))[:2] == (["hello", "3"], [])
    early = play(shop("early", how=failing))
    assert early[1] == [("Sum(3)", "fail")]


def test_timeline_and_show_tell_what_may_have_run_before_anything_is_resumed(shop: Callable[..., Any]) -> None:
    play(shop(".checkpoints", SELLS))
    with SessionLibrary.open(shop("crash").config) as library:
        timeline = library.timeline("s1")
        drawn = ["".join(word.text for word in row) for row in timeline_rows(timeline, 0.0, drawn=False)]
        assert any("◐ Charge(10) may have run" in line for line in drawn), drawn
        head = timeline.branches[0].head
        shown = ["".join(word.text for word in row) for row in moment_rows(library.look(head), 0.0)]
        assert any("Charge(10) of 1000 may have run" in line for line in shown), shown
        planned = [text for word, text in library.plan(head, Edits()).happens if word == "tools"]
        assert planned == ["Charge(10) of 1000 may have run: it runs again when called again"]
        planned = [text for word, text in library.plan(head, Edits(), before=True).happens if word == "tools"]
        assert planned == []


def test_a_model_call_in_flight_at_a_crash_stays_counted(shop: Callable[..., Any]) -> None:
    Path("model.py").write_text(
        "import os, shutil\n"
        "def respond(request):\n"
        "    if request.turn == 0:\n"
        '        return \'await Say("user", "one")\\n\'\n'
        "    if not os.path.exists('crash'):\n"
        "        shutil.copytree('.checkpoints', 'crash')\n"
        "    return 'await Return(1)\\n'\n",
        "utf-8",
    )
    play(shop(".checkpoints"))

    async def resume(**options: Any) -> Any:
        async with shop("crash", **options) as session:
            at_once = session.calls
            await session.run()
            return at_once, session.calls, session.status, session.error

    assert asyncio.run(resume(max_llm_calls=2))[2:] == (
        "failed",
        "the limit of 2 model calls is reached; raise max_llm_calls in playbooks.toml and go on with --resume",
    )
    assert asyncio.run(resume())[:3] == (2, 3, "finished")


def test_a_tool_whose_intent_cant_be_written_does_not_begin_and_the_run_fails(
    shop: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for store in (FileStore, SQLiteStore):
        original = store.note

        def note(self: Any, session: str, kind: str, data: Any, original: Any = original) -> None:
            if kind == "intents" and data["what"] == "tool":
                raise StorageError("the disk is full")
            original(self, session, kind, data)

        monkeypatch.setattr(store, "note", note)
    swallows = 'await Say("user", "hello")\ntry:\n    await Charge(10)\nexcept BaseException:\n    pass\n'
    said, _, _, _, status = play(shop(".checkpoints", f'{swallows}await Say("user", "late")\nawait Return(1)\n'))
    assert (said, status) == (["hello"], ExitStatus.FAILED)
    assert not Path("ledger.txt").exists()


def test_what_was_noted_by_another_hand_or_after_another_checkpoint_is_not_believed() -> None:
    ours, theirs = FileStore(key=KEY), FileStore(key=b"o" * 32)
    begin(ours)
    noted = {"what": "tool", "after": "1000_ckpt_1"}
    ours.note("s1", INTENTS, noted)
    ours.note("s1", INTENTS, {"what": "tool", "after": "1000_ckpt_9"})
    theirs.note("s1", INTENTS, {"what": "planted", "after": "1000_ckpt_1"})
    assert intents_after(ours, "s1", ("1000_ckpt_1",)) == [noted]
    assert [note["what"] for note in intents_after(ours, "s1", ("1000_ckpt_1",), trust=True)] == ["tool", "planted"]
    ours.close()
    theirs.close()
