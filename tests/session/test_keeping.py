"""A session keeps as many checkpoints as it was to keep, and one that is deleted is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from playbooks import DebugSession
from playbooks.checkpoints import open_store
from playbooks.checkpoints.retention import BuiltOn
from playbooks.checkpoints.sample import begin, step
from playbooks.checkpoints.store import SessionOpen, StorageError, Store
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import Committed, Notice, Output, Pruned
from playbooks.session.following import FollowedSession
from playbooks.session.library import SessionLibrary

PROGRAM = "# Bench\nCounts.\n\n## Main\n### Triggers\n- When the program starts\n### Steps\n- Count\n"
MODEL = """
def respond(request):
    return "for i in range(60):\\n    await Say('user', str(i))\\nawait Return()\\n"
"""


@pytest.fixture(params=["filesystem", "sqlite"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def writer(alone: Path, provider: str) -> Iterator[Store]:
    made = open_store(provider)
    yield made
    made.close()


@pytest.fixture
def library(writer: Store, provider: str) -> Iterator[SessionLibrary]:
    """Another process's view."""
    with SessionLibrary(open_store(provider), ".checkpoints") as opened:
        yield opened


def test_a_run_that_prunes_is_followed_without_what_it_took_away(alone: Path, provider: str) -> None:
    (alone / "count.pb").write_text(PROGRAM)
    (alone / "model.py").write_text(MODEL)
    kept = {"enabled": True, "provider": provider, "keep_last_n": 3}
    config = Config.load(overrides={"durability": kept, "model": {"token_delay_s": 0.0}})
    pruned: list[str] = []

    async def playing() -> None:
        async with DebugSession.open("count.pb", config=config, model="script:model.py") as session:
            followed: list[FollowedSession] = []

            def look(notice: Notice) -> None:
                if isinstance(notice, Pruned):
                    pruned.extend(notice.ids)
                if isinstance(notice, Committed) and notice.header.sequence >= 2:
                    if not followed:
                        followed.append(FollowedSession.open("s1", config=config))
                        followed[0]._store = open_store(provider)
                        followed[0]._open(followed[0]._store)
                    followed[0].poll()
                    assert followed[0].timeline[-1] == notice.header and len(followed[0].timeline) <= 10

            session.subscribe(look)
            assert await session.run() == "finished"
            with SessionLibrary(open_store(provider), ".checkpoints") as library:
                assert session.timeline == library.timeline("s1").headers
            followed[0]._close()

    asyncio.run(playing())
    assert len(pruned) > 50 and len(pruned) == len(set(pruned))


def test_that_nothing_is_pruned_any_more_is_told_once(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise StorageError("no room")

    monkeypatch.setattr("playbooks.checkpoints.live_retention.apply", full)
    (alone / "count.pb").write_text(PROGRAM)
    (alone / "model.py").write_text(MODEL)
    config = Config.load(overrides={"durability": {"enabled": True, "keep_last_n": 5}})
    told: list[str] = []

    async def playing() -> None:
        async with DebugSession.open("count.pb", config=config, model="script:model.py") as session:
            session.subscribe(lambda notice: told.append(notice.text) if isinstance(notice, Output) else None)
            assert await session.run() == "finished"

    asyncio.run(playing())
    assert told == ["older checkpoints are not taken away any more: no room"]


def test_what_a_session_keeps_is_fixed_when_it_starts(alone: Path) -> None:
    (alone / "count.pb").write_text(PROGRAM)
    (alone / "model.py").write_text(MODEL)

    def counted(keep: int, resume: bool, stop_at: int) -> int:
        config = Config.load(overrides={"durability": {"enabled": True, "keep_last_n": keep}})

        async def playing() -> int:
            opening = DebugSession.open("count.pb", config=config, model="script:model.py", resume=resume or None)
            async with opening as session:

                def look(notice: Notice) -> None:
                    if isinstance(notice, Committed) and notice.header.sequence == stop_at:
                        session.interrupt()

                session.subscribe(look)
                await session.run()
                return len(session.timeline)

        return asyncio.run(playing())

    before = counted(0, False, 25)
    assert before >= 25
    assert counted(2, True, 0) > 60, "a resume with other settings took away what the run was to keep"


def test_a_deleted_session_is_gone_with_its_notes_and_its_id_is_not_given_again(
    writer: Store, library: SessionLibrary
) -> None:
    first, second = writer.new_session_id(), writer.new_session_id()
    begin(writer, second)
    head = begin(writer, first)
    writer.set_label(head.id, "kept dear")
    writer.note(first, "breakpoint", {"at": "Main:01"})
    assert library.delete(first) == 2
    assert [info.id for info in writer.sessions()] == [second]
    assert writer.labels(first) == {} and writer.notes(first, "breakpoint") == []
    assert writer.new_session_id() == "s3" and writer.next_number("1000") > head.number
    with pytest.raises(UserError, match="there is no session s1"):
        library.delete(first)


def test_a_session_that_is_open_or_built_on_is_not_deleted(writer: Store, library: SessionLibrary) -> None:
    first, second = writer.new_session_id(), writer.new_session_id()
    head = begin(writer, first)
    step(writer, second, 1, head)
    step(writer, second, 2, head)
    before = writer.headers()
    with writer.lock(first), pytest.raises(SessionOpen):
        library.delete(first)
    with pytest.raises(BuiltOn, match=r"s1 can't be taken away: 1000_ckpt_\d of session s2 builds on it"):
        library.delete(first)
    assert writer.headers() == before
