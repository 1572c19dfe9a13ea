"""A fork is a branch of its own: exact when it changes nothing, and otherwise changed just where it was asked to be."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from playbooks import DebugSession
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.record import Checkpoint, Header
from playbooks.checkpoints.store import StorageError
from playbooks.config import Config
from playbooks.errors import ExitStatus, UserError
from playbooks.language import load_program
from playbooks.runtime.notices import Asked, ModelCalled
from playbooks.session.edits import Edits
from playbooks.session.planning import _acts
from playbooks.session.settling import ForkOptions

EXAMPLES = Path(__file__).parents[2] / "examples"

TWO = """---
model: script:two.py
---
# One
## Main
### Triggers
- When the program starts
### Steps
- Go

# Two
## Main
### Triggers
- When the program starts
### Steps
- Go
"""


@pytest.fixture
def negotiation(alone: Path) -> str:
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, alone / name)
    return "negotiation.pb"


@asynccontextmanager
async def played(program: str) -> AsyncIterator[DebugSession]:
    """The program run to its end, every checkpoint compared with the live state."""
    config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()
    async with DebugSession.open(program, config=config, verify=True) as session:
        assert await session.run() == "finished", session.error
        yield session


def run(program: str, test: Callable[[DebugSession], Awaitable[None]]) -> None:
    async def main() -> None:
        async with played(program) as session:
            await test(session)

    asyncio.run(main())


def told(headers: list[Header]) -> dict[str, list[tuple[str, str, str]]]:
    """Per agent, what was done: kind, statement and text.

    Whether the Buyer still returns before the Seller ends the program is a race that nobody promises.
    """
    found: dict[str, list[tuple[str, str, str]]] = {}
    for header in headers:
        if header.kind != "fork" and (header.kind != "end" or header.agent == "1000"):
            found.setdefault(header.agent, []).append((header.kind, header.statement, header.text))
    return found


def on(session: DebugSession, branch: str) -> list[Header]:
    return [header for header in session.timeline if header.branch == branch]


def said_last(session: DebugSession) -> str:
    return [message.text for message in session.messages if message.receivers == ("human",)][-1]


def test_an_unedited_fork_of_any_checkpoint_ends_as_the_original_and_asks_no_model(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        main = list(session.timeline)
        asked: list[ModelCalled] = []
        for place, header in enumerate(main[1:-1], 1):
            branch = await session.fork(header.id)
            stop = session.subscribe(lambda notice: asked.append(notice) if isinstance(notice, ModelCalled) else None)
            assert await session.run() == "finished", f"{header.id}: {session.error}"
            stop()
            assert told(on(session, branch.name)) == told(main[place + 1 :]), header.id
            assert not asked, header.id
            assert session.record.spent_on(branch.name).calls == 0, header.id  # nor does the record tell of one

    run(negotiation, test)


def test_an_edited_result_changes_the_ending(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        assert said_last(session) == "The pen: sold at 80."
        counter = next(header for header in session.timeline if header.kind == "tool")
        branch = await session.fork(counter.id, result=80, label="low")
        assert branch.name == "low" and branch.forked_from == counter.id
        assert await session.run() == "finished"
        assert said_last(session) == "The pen: no deal."
        first = on(session, "low")[0]
        assert (first.kind, first.parent, first.text) == ("fork", counter.id, "low: result = 80, was 95")

    run(negotiation, test)


def test_before_a_checkpoint_its_statement_runs_again(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        counter = next(header for header in session.timeline if header.kind == "tool")
        branch = await session.fork(counter.id, before=True)
        assert branch.forked_from == counter.parent
        assert await session.run() == "finished"
        assert next(h.text for h in on(session, branch.name) if h.kind == "tool") == "Counter(60) = 95"

    run(negotiation, test)


def test_an_edited_variable_of_another_agent_is_what_that_agent_goes_on_with(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        question = next(h for h in session.timeline if h.kind == "say" and h.text == "75?")
        branch = await session.fork(question.id, set={"1002.least": 40})
        assert await session.run() == "finished"
        assert "check_margin(75) = 35" in [header.text for header in on(session, branch.name)]
        assert said_last(session) == "The pen: sold at 75."

    run(negotiation, test)


def test_an_edited_message_is_what_its_receiver_hears(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        offer = next(h for h in session.timeline if h.kind == "say" and h.agent == "1001")
        await session.fork(offer.id, say=[("1001", "Would you take 96?")])
        assert await session.run() == "finished"
        heard = [h.text for h in session.timeline if h.kind == "heard" and h.agent == "1000" and h.branch == "fork-1"]
        assert heard[0] == "Would you take 96?"

    run(negotiation, test)


def test_what_is_heard_instead_of_what_the_person_said_is_answered(alone: Path) -> None:
    async def test() -> None:
        for name in ("support.pb", "support_model.py"):
            shutil.copy(EXAMPLES / name, alone / name)
        config = Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()
        async with DebugSession.open("support.pb", config=config, verify=True) as session:
            said = iter(["Where is my order 1002?", "bye", "bye"])
            session.subscribe(
                lambda notice: session.say(next(said)) if isinstance(notice, Asked) and notice.agents else None
            )
            assert await session.run() == "finished", session.error
            heard = next(header for header in session.timeline if header.kind == "heard")
            branch = await session.fork(heard.id, result="Where is my order 1001?")
            assert await session.run() == "finished", session.error
            asked = [header.text for header in on(session, branch.name) if header.kind == "tool"]
            assert asked[0].startswith("find_order('1001')")

    asyncio.run(test())


def test_the_rest_of_a_response_can_be_written_by_hand(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        opening = next(h for h in session.timeline if h.text.startswith("This pen is $100"))
        await session.fork(opening.id, response='await Return("kept")\n')
        assert await session.run() == "finished"
        assert said_last(session) == "The pen: kept."

    run(negotiation, test)


def test_after_the_programs_end_nothing_can_be_changed_and_the_plan_says_so(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        end = session.timeline[-1].id
        assert ("live", "nothing: the program ends here") in session.plan(end).happens
        for edits in (Edits(set={"price": 3}), Edits(regenerate=True)):
            with pytest.raises(UserError, match=f"the program ends with {end}: a change after it is read by nobody"):
                session.plan(end, edits=edits)

    run(negotiation, test)


def test_after_the_last_return_a_change_is_refused_and_what_the_person_says_is_not(alone: Path) -> None:
    async def test(session: DebugSession) -> None:
        first, last = [header.id for header in session.timeline if header.kind == "end"]
        said = f"every playbook has returned at {last}: a change after it is read by nobody; fork from an earlier"
        for edits in (Edits(set={"$price": 3}), Edits(set={"1000.$price": 3}), Edits(response="x = 1")):
            with pytest.raises(UserError, match=said):
                session.plan(last, edits=edits)
        assert session.plan(first, edits=Edits(set={"$price": 3})).changes
        assert session.plan(last, edits=Edits(say=(("human", "hello"),))).changes
        assert not session.plan(last).changes

    (alone / "two.pb").write_text(TWO)
    (alone / "two.py").write_text("def respond(request):\n    return 'await Return(1)'\n")
    run("two.pb", test)


def test_a_note_of_which_trigger_fits_is_no_tool_that_runs_again() -> None:
    header = Header(
        "1000_ckpt_2", "1000", 2, "s1", 2, "human_ckpt_1", "main", 1, 'await Trigger("Refund:T1:EVT")', "await"
    )
    assert not _acts(header)
    assert _acts(replace(header, statement="await asyncio.sleep(1)")) and _acts(replace(header, statement="await f()"))


def test_a_fork_that_the_disk_has_no_room_for_leaves_everything_as_it_was(
    negotiation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(session: DebugSession) -> None:
        at, count, said = session.timeline[9].id, len(session.timeline), list(session.messages)
        with monkeypatch.context() as patched:
            patched.setattr(FileStore, "write", full)
            with pytest.raises(StorageError, match="No space left"):
                await session.fork(at)
        assert (session.status, session.branch, session.exit_status) == ("finished", "main", ExitStatus.FINISHED)
        assert len(session.timeline) == count and session.messages == said
        await session.fork(at)
        assert await session.run() == "finished" and session.branch == "fork-1"

    def full(store: FileStore, checkpoint: Checkpoint) -> None:
        raise StorageError.of(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ".checkpoints")

    run(negotiation, test)


def test_regenerating_asks_the_model_for_the_rest_and_serves_the_others(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        opening = next(h for h in session.timeline if h.text.startswith("This pen is $100"))
        asked: list[str] = []
        session.subscribe(lambda notice: asked.append(notice.agent) if isinstance(notice, ModelCalled) else None)
        await session.fork(opening.id, regenerate=True)
        assert await session.run() == "finished"
        assert asked == ["1000"]
        assert said_last(session) == "The pen: sold at 80."

    run(negotiation, test)


def test_a_changed_program_runs_on_request(negotiation: str, alone: Path) -> None:
    text = (alone / negotiation).read_text("utf-8")
    (alone / "cheap.pb").write_text(text.replace("// 8", "// 2").replace("an eighth", "half"), "utf-8")

    async def test(session: DebugSession) -> None:
        step = next(h for h in session.timeline if h.statement.startswith('await Step("Haggle:02'))
        await session.fork(step.id, program=load_program(["cheap.pb"]))
        assert await session.run() == "finished"
        assert next(h.text for h in on(session, "fork-1") if h.kind == "tool") == "Counter(60) = 80"

    run(negotiation, test)


def test_a_fork_of_a_fork_goes_on_from_the_edit(negotiation: str) -> None:
    async def test(session: DebugSession) -> None:
        counter = next(header for header in session.timeline if header.kind == "tool")
        await session.fork(counter.id, result=80, label="low")
        await session.run()
        last = session.timeline[-3]
        await session.fork(last.id)
        assert await session.run() == "finished"
        assert said_last(session) == "The pen: no deal."

    run(negotiation, test)


@pytest.mark.parametrize(
    ("pick", "changes", "says"),
    [
        ("tool", {"set": {"pirce": 3}}, "1000 has no variable pirce"),
        ("tool", {"set": {"$price": 3}}, "change the result instead"),
        ("tool", {"set": {"1009.price": 3}}, "there is no agent 1009"),
        ("say", {"result": 3}, "can't be changed"),
        ("tool", {"say": [("1002", "no")]}, "1002 has no message on its way"),
        ("tool", {"response": "await Say("}, "line 1 of the response"),
        ("tool", {"result": 1, "before": True}, "the statement runs again"),
    ],
)
def test_an_edit_that_cannot_take_is_refused_and_nothing_happens(
    negotiation: str, pick: str, changes: dict[str, Any], says: str
) -> None:
    async def test(session: DebugSession) -> None:
        before = len(session.timeline)
        header = next(header for header in session.timeline if header.kind == pick)
        with pytest.raises(UserError, match=says):
            await session.fork(header.id, **changes)
        assert len(session.timeline) == before
        assert [branch.name for branch in session.branches] == ["main"]

    run(negotiation, test)


KEEPS = """# Boss

```python
least = 70
base, extra = 10, 5
limit = base * 2
same = [1]
twice = 1
twice = 2

@playbook
async def look() -> int:
    return $least
```

## Main

### Triggers
- At the beginning

### Steps
- Look
"""


def test_a_plan_with_another_program_tells_which_first_values_take_no_effect(alone: Path) -> None:
    (alone / "boss.pb").write_text(KEEPS, "utf-8")
    changed = KEEPS.replace("= 70", "= 60").replace("10, 5", "20, 5").replace("[1]", "[1]  # as it was\nmost = 9")
    changed = changed.replace("twice = 1", "twice = 3")  # which its next line sets all the same
    (alone / "new.pb").write_text(changed, "utf-8")
    (alone / "model.py").write_text("def respond(request):\n    return 'x = await look()\\nawait EndProgram()\\n'\n")

    async def main() -> None:
        config = Config.load(overrides={"model": {"provider": "script", "path": "model.py"}}).for_debug()
        async with DebugSession.open("boss.pb", config=config) as session:
            assert await session.run() == "finished", session.error
            call = next(header for header in session.timeline if header.kind == "tool")
            options = ForkOptions(program=load_program(["new.pb"]))

            def told(edits: Edits, options: ForkOptions = options) -> list[str]:
                lines = session.plan(call.id, before=True, edits=edits, options=options).lines()
                return [line for line in lines if line.startswith(("keeps", "lacks"))]

            least = "keeps   $least = 70 of Boss 1000, though the program says 60 now; --set changes it"
            base = "keeps   $base = 10 of Boss 1000, though the program says 20 now; --set changes it"
            limit = (
                "keeps   $limit = 20 of Boss 1000, though what the program makes it of is another now; --set changes it"
            )
            most = "lacks   $most of Boss 1000: only agents that begin get it; --set makes it"
            assert told(Edits()) == [least, base, limit, most]
            assert told(Edits(set={"$least": 60, "$most": 9})) == [base, limit]
            assert told(Edits(), ForkOptions()) == []
            await session.fork(call.id, before=True, program=options.program)
            assert await session.run() == "finished", session.error
            assert next(h.text for h in on(session, "fork-1") if h.kind == "tool") == "look() = 70"

    asyncio.run(main())
