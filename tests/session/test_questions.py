"""What an answer is waited for: what the task that waits, or the one that made it, said to the person last."""

from __future__ import annotations

import pytest
from session.crashes import Bench

from playbooks.runtime.notices import Asked

ASKS = """\
import asyncio
async def ask(words):
    if words:
        await Say("user", words)
    await Yld("user")
"""


@pytest.mark.parametrize(
    ("statements", "questions"),
    [
        (
            "await asyncio.gather(ask('old'))\nawait Say('user', 'new')\nawait asyncio.gather(ask(''))",
            ["old", "new"],
        ),
        ("await asyncio.gather(ask('old'))\nawait asyncio.gather(ask(''))", ["old", ""]),
        ("for words in ('old', ''):\n    await asyncio.gather(ask(words))", ["old", ""]),
        ("await Say('user', 'new')\nawait asyncio.gather(ask(''))\nawait ask('')", ["new", "new"]),
    ],
)
def test_a_task_is_not_told_what_another_said_at_its_place_before(statements: str, questions: list[str]) -> None:
    bench = Bench({"Main": f"{ASKS}{statements}\nawait EndProgram()\n"}, person=["yes", "no"])
    asked = [notice for notice in bench.play().notices if isinstance(notice, Asked) and notice.agents]
    assert [notice.questions[0].text for notice in asked] == questions
