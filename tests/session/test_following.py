"""Looking on while another process runs a session: the same headers, messages and agents, and no hand in it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import (
    AgentChanged,
    Asked,
    Committed,
    MessageHeard,
    MessageSent,
    ModelCalled,
    Notice,
    Stopped,
)
from playbooks.runtime.notices import StatusChanged as Changed
from playbooks.session.following import FollowedSession, ReadOnly
from playbooks.session.standing import STANDS, Standing, keep_standing

EXAMPLES = Path(__file__).parents[2] / "examples"
ASKS = """\
---
model: script:asks.py
---
# Clerk
## Main
### Triggers
- When the program starts
### Steps
- Ask the user, again and again
"""
ASKS_MODEL = """\
def respond(request):
    return 'await Say("user", "what now?")\\nawait Yld("user")\\n'
"""


@pytest.fixture(params=["filesystem", "sqlite"])
def config(alone: Path, request: pytest.FixtureRequest) -> Config:
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, alone / name)
    kept = {"provider": request.param}
    return Config.load(overrides={"model": {"token_delay_s": 0}, "durability": kept}).for_debug()


async def held(session: DebugSession) -> asyncio.Task[str]:
    """The session's run, stopped after its third checkpoint."""
    stopped = asyncio.Event()
    session.subscribe(lambda notice: stopped.set() if isinstance(notice, Stopped) else None)
    session.pause()
    running = asyncio.create_task(session.run())
    while len(session.timeline) < 4:
        await stopped.wait()
        stopped.clear()
        session.step()
    await stopped.wait()
    return running


def test_what_is_followed_is_what_was_run(config: Config) -> None:
    async def main() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            own: list[Notice] = []
            session.subscribe(own.append)
            running = await held(session)
            async with FollowedSession.open(session.id, config=config) as follower:
                assert follower.status == "paused"
                begun = len(follower.timeline)
                assert begun >= 3
                told: list[Notice] = []
                follower.subscribe(told.append)
                session.go()
                assert await running == "finished"
                while follower.under_way:
                    follower.poll()
                assert follower.timeline == session.timeline
                assert [m.text for m in follower.messages] == [m.text for m in session.messages]
                assert set(follower.agents) == set(session.agents)
                assert (follower.calls, follower.tokens) == (session.calls, session.tokens)
                assert [n.header.id for n in told if isinstance(n, Committed)] == [
                    h.id for h in session.timeline[begun:]
                ]
                for kind in (MessageSent, MessageHeard, ModelCalled, AgentChanged):
                    assert any(isinstance(notice, kind) for notice in told), kind
                sent = [n.message.text for n in own if isinstance(n, MessageSent)]
                assert [n.message.text for n in told if isinstance(n, MessageSent)] == sent
                assert isinstance(told[-1], Changed)
                assert told[-1].status == "finished"
                assert follower.record.changed_last(follower.timeline[-1].id, "1000", "$price") is not None

    asyncio.run(main())


def test_following_ends_with_the_run_and_goes_on_over_forks(config: Config) -> None:
    async def main() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            assert await session.run() == "finished"
            async with FollowedSession.open(session.id, config=config) as follower:
                assert await follower.run() == "finished"
                await session.fork(session.timeline[5].id, label="other")
                follower.poll()
                assert (follower.branch, follower.status) == ("other", "running")
                assert await session.run() == "finished"
                follower.poll()
                assert follower.timeline == session.timeline
                assert [m.text for m in follower.messages] == [m.text for m in session.messages]
                assert follower.status == "finished"

    asyncio.run(main())


def test_acting_is_refused_in_one_line(config: Config) -> None:
    async def main() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            assert await session.run() == "finished"
            async with FollowedSession.open(session.id, config=config) as follower:
                assert follower.read_only
                assert not session.read_only
                for act in (follower.pause, follower.step_over, follower.fork, follower.say, follower.add_breakpoint):
                    with pytest.raises(ReadOnly, match="s1 is open in another process: here it can only be looked at"):
                        act("x")
                with pytest.raises(AttributeError):
                    follower.nonsense()

    asyncio.run(main())


def test_it_offers_to_read_what_a_session_does_and_refuses_all_else(config: Config) -> None:
    async def main() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            assert await session.run() == "finished"
            async with FollowedSession.open(session.id, config=config) as follower:
                offered = {name for name in dir(session) if not name.startswith("_")}
                for name in offered & {*dir(follower)}:
                    getattr(follower, name)
                acts = offered - {*dir(follower)}
                assert {"go", "pause", "fork", "say", "set_label", "step_into", "remove_breakpoint"} <= acts
                for name in acts:
                    with pytest.raises(ReadOnly):
                        getattr(follower, name)("x")
                assert follower.labels == {}
                assert follower.program_files == session.program_files
                assert follower.branches == session.branches

    asyncio.run(main())


def test_interrupt_ends_following_and_not_the_run(config: Config) -> None:
    async def main() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            running = await held(session)
            async with FollowedSession.open(session.id, config=config, poll_s=60) as follower:
                following = asyncio.create_task(follower.run())
                await asyncio.sleep(0)
                follower.interrupt()
                assert await asyncio.wait_for(following, 60) == "paused"
                with pytest.raises(ReadOnly, match="s1 runs in another process: here it can only be looked at"):
                    follower.go()
            session.go()
            assert await running == "finished"

    asyncio.run(main())


def test_a_run_that_waits_for_its_person_is_said_to_wait_and_by_whom_it_is_asked(config: Config) -> None:
    async def main() -> None:
        async with DebugSession.open("asks.pb", config=config) as session:
            waits, goes_on = asyncio.Event(), asyncio.Event()

            def listen(notice: Notice) -> None:
                if isinstance(notice, Changed):
                    (waits if notice.status == "waiting" else goes_on).set()

            session.subscribe(listen)
            running = asyncio.create_task(session.run())
            await waits.wait()
            async with FollowedSession.open(session.id, config=config) as follower:
                assert (follower.status, follower.phrase) == ("waiting", "")
                assert follower.poll() == [Asked(("1000",))]
                waits.clear()
                goes_on.clear()
                session.say("first")
                await goes_on.wait()
                assert follower.poll()[-1] == Changed("running")
                await waits.wait()
                assert follower.poll()[-1] == Changed("waiting")
                session.interrupt()
                assert await running == "interrupted"
                assert follower.poll()[-2:] == [Asked(()), Changed("interrupted")]
                assert session._store is not None
                assert session._store.notes(session.id, STANDS) == [], "nothing of it stays"

    Path("asks.pb").write_text(ASKS)
    Path("asks.py").write_text(ASKS_MODEL)
    asyncio.run(main())


def test_what_a_killed_process_left_saying_is_taken_back_by_the_next_that_holds_it(config: Config) -> None:
    async def main() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            assert await session.run() == "finished"
            store, at = session._store, session.timeline[-1].id
            assert store is not None
            store.set_status("s1", "main", "running")
            keep_standing(store, "s1", Standing(at, "waiting", "", ("1000",)))
        holds = DebugSession.open(config=config, resume="s1")
        async with holds, FollowedSession.open("s1", config=config) as follower:
            assert (follower.status, follower.poll()) == ("interrupted", [])

    asyncio.run(main())


def test_a_session_that_is_not_there_is_refused(config: Config) -> None:
    async def main() -> None:
        with pytest.raises(UserError, match="there is no session s9"):
            async with FollowedSession.open("s9", config=config):
                pass

    asyncio.run(main())
