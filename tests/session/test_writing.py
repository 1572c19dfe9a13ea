"""Text that is being written: it names whom it is for as its row will."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playbooks import DebugSession
from playbooks.config import Config
from playbooks.runtime.notices import Committed, Notice, Writing

TEAM = """---
model: script:team.py
---
# Lead
## Main
### Triggers
- When the program starts
### Steps
- Plan
## Plan
meeting: true
required_attendees: [Tester]
### Steps
- Talk

# Tester
## Main
### Steps
- Wait
## Plan
meeting: true
### Steps
- Listen
"""
MODEL = '''
SAID = """await Say("{target}", "The plan is ready.")
await Return("done")
"""
def respond(request):
    if request.agent == "Tester":
        return """await Yld("meeting")
await Return("heard")
"""
    if request.playbook == "Plan":
        return SAID.replace("{target}", TARGET)
    return """await Plan()
await EndProgram()
"""
'''


@pytest.mark.parametrize("target", ["meeting", "Meeting", "meeting 101", "meeting 101, agent 1001"])
def test_a_meeting_is_named_alike_while_it_is_written_and_in_its_row(alone: Path, target: str) -> None:
    (alone / "team.pb").write_text(TEAM)
    (alone / "team.py").write_text(f"TARGET = {target!r}{MODEL}")
    told: list[Notice] = []

    async def run() -> None:
        config = Config.load(env={}, overrides={"model": {"token_delay_s": 0.0001}})
        async with DebugSession.open("team.pb", config=config, durable=False) as session:
            session.subscribe(told.append)
            assert await session.run() == "finished", session.error

    asyncio.run(run())
    live = {notice.target for notice in told if isinstance(notice, Writing)}
    rows = {n.header.peer for n in told if isinstance(n, Committed) and n.header.kind == "say"}
    assert live == rows == {"meeting 101"}
