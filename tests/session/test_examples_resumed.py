"""The examples, resumed at each of their checkpoints from files, whole or damaged: each ends as it did."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from playbooks.config import Config
from playbooks.runtime.notices import Asked, Notice
from playbooks.session import DebugSession

EXAMPLES = Path(__file__).parents[2] / "examples"
ANSWERS: dict[str, tuple[str, ...]] = {"support.pb": ("hm", "I want a refund", "refund 1002", "refund 1002", "bye")}
DEADLINE_S = 120


@dataclass(frozen=True)
class Came:
    """What a run came to."""

    status: str
    error: str
    messages: Sequence[tuple[str, str]]


def played(program: str, storage: str, resume: str | None = None) -> tuple[Came, list[str]]:
    """A run to its end, and the ids of its checkpoints; the person answers what is still to be answered."""

    async def playing() -> tuple[Came, list[str]]:
        settings = {
            "durability": {"enabled": True, "keep_last_n": 0, "storage_path": storage},
            "model": {"token_delay_s": 0},
            "message_batch_timeout": 0.02,
        }
        programs = [] if resume else [str(EXAMPLES / program)]
        async with DebugSession.open(
            *programs, config=Config.load(env={}, overrides=settings), resume=resume
        ) as session:
            said = sum(1 for message in session.messages if message.sender == "human")
            left = list(ANSWERS.get(program, ())[said:])

            def answer(notice: Notice) -> None:
                if isinstance(notice, Asked) and notice.agents:
                    if left:
                        session.say(left.pop(0), notice.agents[0])
                    else:
                        session.close_input()

            session.subscribe(answer)
            async with asyncio.timeout(DEADLINE_S):
                await session.run()
            messages = sorted((message.sender, message.text) for message in session.messages)
            return Came(session.status, session.error, messages), [header.id for header in session.timeline]

    return asyncio.run(playing())


@pytest.mark.parametrize("program", sorted(path.name for path in EXAMPLES.glob("*.pb")))
def test_an_example_resumed_at_any_checkpoint_ends_as_it_did(program: str) -> None:
    whole, checkpoints = played(program, "whole")
    for checkpoint in checkpoints[1:-1]:
        shutil.copytree("whole", "copy")
        came, _ = played(program, "copy", checkpoint)
        assert came == whole, f"resumed after {checkpoint}"
        shutil.rmtree("copy")


def test_a_resume_goes_back_past_a_damaged_file_in_the_middle_and_names_it() -> None:
    _, checkpoints = played("country_facts.pb", "whole")
    folder = Path("whole")
    (folder / "catalog.db").unlink(missing_ok=True)  # an index may know what the file says no more
    damaged = checkpoints[len(checkpoints) // 2]
    file = folder / damaged.partition("_")[0] / f"{damaged}.pkl"
    file.write_bytes(file.read_bytes()[:-1])

    async def resumed() -> tuple[str, tuple[str, ...]]:
        config = Config.load(env={}, overrides={"durability": {"storage_path": "whole"}})
        async with DebugSession.open(config=config, resume="s1") as session:
            assert session.resumed is not None
            return session.resumed.checkpoint, session.resumed.skipped

    checkpoint, skipped = asyncio.run(resumed())
    assert checkpoint == checkpoints[checkpoints.index(damaged) - 1]
    assert any(line.startswith(damaged) for line in skipped)
