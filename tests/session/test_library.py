"""The library reads sessions beside whoever runs them, and gives the screen what the commands print."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.errors import UserError
from playbooks.runtime.notices import Committed, Notice
from playbooks.session.documents import look_document, timeline_document, to_json
from playbooks.session.library import SessionLibrary

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def config(alone: Path) -> Config:
    for name in ("negotiation.pb", "haggle_model.py"):
        shutil.copy(EXAMPLES / name, alone / name)
    return Config.load(overrides={"model": {"token_delay_s": 0}}).for_debug()


@pytest.fixture
def library(config: Config) -> Iterator[SessionLibrary]:
    """Of the folder after a run."""

    async def playing() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:
            assert await session.run() == "finished"

    asyncio.run(playing())
    with SessionLibrary.open(config) as opened:
        yield opened


def test_every_moment_is_the_live_state_of_its_commit(config: Config) -> None:
    """What the library shows of a checkpoint, read while the run goes on, is what the session itself folds."""
    seen: list[str] = []

    async def playing() -> None:
        async with DebugSession.open("negotiation.pb", config=config) as session:

            def listen(notice: Notice) -> None:
                if isinstance(notice, Committed) and notice.header.kind in ("tool", "heard"):
                    with SessionLibrary.open(config) as library:
                        assert library.sessions()[0].status == "running"
                        look = library.look(notice.header.id)
                        assert look.moment.state == session.runtime.state
                        seen.append(notice.header.id)

            session.subscribe(listen)
            assert await session.run() == "finished", session.error

    asyncio.run(playing())
    assert len(seen) >= 8


def test_a_timeline_knows_every_agent_and_the_way_to_any_checkpoint(library: SessionLibrary) -> None:
    timeline = library.timeline()
    assert timeline.agents == {"1000": "Seller", "1001": "Buyer", "1002": "Boss"}
    assert [timeline.name(agent) for agent in ("1000", "human", "1009")] == ["Seller", "you", "1009"]
    way = timeline.path("1000_ckpt_9")
    assert (way[0].kind, way[-1].id) == ("start", "1000_ckpt_9")


def test_two_agents_of_a_class_are_told_apart_by_their_ids(library: SessionLibrary) -> None:
    timeline = replace(library.timeline(), agents={"1000": "Buyer", "1001": "Buyer"})
    assert timeline.name("1001") == "Buyer 1001"


def test_documents_are_the_same_however_often_they_are_made(library: SessionLibrary) -> None:
    made = [to_json(look_document(library.look("1000_ckpt_9"))) for _ in range(2)]
    assert made[0] == made[1]
    with SessionLibrary.open(Config.load().for_debug()) as other:
        assert to_json(look_document(other.look("1000_ckpt_9"))) == made[0]
        assert timeline_document(other.timeline()) == timeline_document(library.timeline())


def test_the_agent_of_a_class_is_found_by_its_name(library: SessionLibrary) -> None:
    assert library.agent_called("Buyer", "1000_ckpt_9") == "1001"
    assert library.agent_called("1001", "1000_ckpt_9") == "1001"
    assert library.agent_called("Nobody", "1000_ckpt_9") == "Nobody"


def test_a_folder_that_is_not_there_is_never_made(alone: Path) -> None:
    with pytest.raises(UserError, match="no checkpoints are here"):
        SessionLibrary.open(Config.load())
    assert not (alone / ".checkpoints").exists()


def test_a_session_of_a_broken_chain_is_still_listed(library: SessionLibrary) -> None:
    Path(".checkpoints/1000/1000_ckpt_23.pkl").unlink()
    Path(".checkpoints/human/human_ckpt_1.pkl").unlink()
    timeline = library.timeline("s1")
    assert len(timeline.headers) == 41
    assert timeline.agents == {}
    with pytest.raises(UserError, match=r"1000_ckpt_9 can't be looked at: human_ckpt_1, which it builds on, is gone"):
        library.look("1000_ckpt_9")
