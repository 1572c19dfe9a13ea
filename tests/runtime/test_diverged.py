"""A replay that does something else than was recorded says so, and what; nothing is served to the wrong call.

The program looks at a file, which no replay can serve: it is changed between the run and the resume.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from runtime.scenario import Run, Scenario, model, resume, start


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("1")
    return tmp_path / "outside"


def changed(outside: Path, code: str, at: int, now: str = "2") -> Run:
    """A program run, the file changed, and the run resumed from its nth checkpoint."""
    run = start(Scenario(model(code.replace("LOOK", f"__import__('pathlib').Path({str(outside)!r}).read_text()"))))
    assert run.ended == "finished", run.error
    outside.write_text(now)
    return resume(run, run.headers[at].id, witness=False)


def unsaid(run: Run, at: int) -> None:
    assert run.ended == "failed"
    assert len(run.headers) == at + 1, "nothing is committed"


def test_another_callee_than_was_recorded_is_diverged_and_both_are_named(outside: Path) -> None:
    code = """
if True:
    if LOOK == "1":
        await Say("user", "one")
    else:
        await Step("Main:01:QUE")
    await Say("user", "two")
await Return(1)
"""
    run = changed(outside, code, 1)
    unsaid(run, 1)
    assert run.error.startswith("the replay of Main of 1000 calls Step where Say was recorded")


def test_other_arguments_than_were_recorded_are_diverged(outside: Path) -> None:
    run = changed(outside, 'if True:\n    await Say("user", LOOK)\n    await Say("user", "b")\nawait Return(1)\n', 1)
    unsaid(run, 1)
    assert run.error.startswith("the replay of Main of 1000 calls Say where other arguments were recorded")


def test_variables_that_differ_when_the_replay_is_over_are_diverged_and_named(outside: Path) -> None:
    code = """
kept = 1
if True:
    seen = LOOK
    same = [1, {"a", "b"}]
    await Say("user", "one")
    await Say("user", seen)
await Return(1)
"""
    run = changed(outside, code, 1)
    unsaid(run, 1)
    assert run.error.startswith(
        "the replay of Main of 1000 comes to the end of Say with another value of seen than was recorded"
    )


def test_a_variable_that_is_only_set_after_the_cut_may_differ(outside: Path) -> None:
    code = 'if True:\n    await Say("user", "one")\n    seen = LOOK\n    await Say("user", seen)\nawait Return(seen)\n'
    run = changed(outside, code, 1)
    assert (run.ended, run.results) == ("finished", {"1000": ["2"]})


def test_a_replay_that_stands_still_names_the_event_it_waits_for(outside: Path) -> None:
    code = """
import asyncio
async def two():
    await Say("user", "b")
    await Say("user", "c")
async def one(n):
    if LOOK == "1" or n == 0:
        await two()
await asyncio.gather(one(0), one(1))
await Return(1)
"""
    run = changed(outside, code, 3)
    unsaid(run, 3)
    assert "the resume stands still before event" in run.error
    assert "the call of Say in Main of 1000" in run.error


def degraded(run: Run) -> list[tuple[str, tuple[str, ...]]]:
    return [(header.statement, header.degraded) for header in run.headers if header.degraded]


def test_a_variable_that_cant_be_stored_marks_one_checkpoint_with_the_path_to_it() -> None:
    code = """
rows = [1, {"conn": (n for n in range(3))}]
await Say("user", "one")
await Say("user", "two")
rows.append(2)
await Say("user", "three")
await Return(1)
"""
    run = start(Scenario(model(code)))
    assert degraded(run) == [
        ('await Say("user", "one")', ("$rows[1]['conn']",)),
        ('await Say("user", "three")', ("$rows[1]['conn']",)),
    ]


def test_what_cant_be_stored_says_which_statement_made_it_however_many_ran_since() -> None:
    code = """
gone = (n for n in range(3))
other = [1]
await Say("user", "one")
other.append(2)
await Say("user", "two")
await Return(str(gone))
"""
    run = start(Scenario(model(code)))
    two = next(header.id for header in run.headers if header.text == "two")
    again = resume(run, two, witness=False)
    told = [header.text for header in again.headers if header.kind == "error"]
    assert "gone = (n for n in range(3))" in told[0], told


def test_an_agents_variable_and_a_returned_value_that_cant_be_stored_mark_their_checkpoint() -> None:
    code = (
        '$conn = (n for n in range(3))\nawait Say("user", "one")\nawait Say("user", "two")\nawait Return([1, $conn])\n'
    )
    marked = [paths for _, paths in degraded(start(Scenario(model(code))))]
    assert marked[0] == ("$conn",)
    assert marked[-1] == ("$return[1]",)


def test_an_argument_that_could_not_be_stored_is_the_same_argument_on_a_replay() -> None:
    code = """
gone = (n for n in range(3))
await Say("user", "one")
if True:
    await Wait(1, [gone])
    await Say("user", "two")
await Return(1)
"""
    run = start(Scenario(model(code)))
    assert run.ended == "finished", run.error
    for header in run.headers[1:-1]:
        again = resume(run, header.id, witness=False)
        assert (again.ended, again.error) == ("finished", ""), header.id
