"""What a fork is served of the record: the model's own words, in the order in which they were said, from any place."""

from __future__ import annotations

from pathlib import Path

import pytest
from session.crashes import CRASHED, Bench, Played, committed

from playbooks.checkpoints.filesystem import FileStore
from playbooks.errors import UserError

pytestmark = pytest.mark.usefixtures("alone")

BROKEN_OFF = """
    import asyncio, json

    async def respond(request):
        with open("program.asked", "a") as file:
            file.write(json.dumps([request.agent_id, request.playbook, request.turn, request.executed]) + "\\n")
        if not request.executed:
            yield 'await Say("user", "one")\\nx = '
            await asyncio.Event().wait()
        yield 'x = 5\\nawait Say("user", "two")\\nawait EndProgram()\\n'
"""


def interrupted_in_mid_response() -> tuple[Bench, Played]:
    bench = Bench({}, script=BROKEN_OFF)
    whole = bench.play(interrupt=committed("say", "one"))
    assert whole.ending.status == "interrupted" and whole.said == ["one"]
    return bench, whole


def test_a_fork_of_what_a_resume_finished_is_served_the_rest_that_the_resume_was_given() -> None:
    bench, stopped = interrupted_in_mid_response()
    resumed = bench.play(resume=stopped.id)
    assert len(resumed.asked) == 1
    for header in resumed.headers:
        forked = bench.play(resume=stopped.id, begin=lambda session, at=header.id: session.fork(at))
        assert (forked.said, forked.asked) == (["one", "two"], []), header.id


def test_what_was_written_by_hand_on_another_branch_is_never_served_as_the_models() -> None:
    bench, stopped = interrupted_in_mid_response()
    last = stopped.headers[-1].id
    mine = 'await Say("user", "mine")\nawait EndProgram()\n'
    byhand = bench.play(resume=stopped.id, begin=lambda session: session.fork(last, response=mine))
    assert byhand.said == ["one", "mine"]
    plain = bench.play(resume=stopped.id, begin=lambda session: session.fork(last))
    assert plain.said == ["one", "two"]
    assert [call[3] for call in plain.asked] == ['await Say("user", "one")']


def test_a_fork_of_the_very_start_begins_with_the_first_statement_and_asks_no_model() -> None:
    bench = Bench({"Main": ['await Say("user", str($count))\n', "await EndProgram()\n"]}, python="count = 1")
    whole = bench.play()
    for options in ({"checkpoint": "human_ckpt_1"}, {"checkpoint": "1000_ckpt_1", "before": True}):
        forked = bench.play(resume=whole.id, begin=lambda session, given=options: session.fork(**given))
        assert (forked.said, forked.asked) == (["1"], [])
        assert forked.ending.statements == whole.ending.statements
    anew = bench.play(resume=whole.id, begin=lambda session: session.fork("human_ckpt_1", regenerate=True))
    assert (anew.said, [call[2] for call in anew.asked]) == (["1"], [0])
    assert bench.play(resume="human_ckpt_1").ending == whole.ending


def test_branches_of_a_gather_go_on_in_the_order_they_would_have_without_a_fork() -> None:
    bench = Bench(
        {
            "Main": [
                "$total = sum(await asyncio.gather(Sub(1), Sub(2)))\n",
                'await Say("user", str($total))\nawait EndProgram()\n',
            ],
            "Sub": "x = await do(n)\ny = await do(n * 10)\nawait Return(x + y)\n",
        },
        """
        # Clerk
        ```python
        import asyncio
        {python}
        ```
        ## Main
        ### Triggers
        - When the program starts
        ### Steps
        - Go
        ## Sub($n)
        ### Steps
        - Go
        """,
    )
    whole = bench.play()
    for header in whole.headers:
        forked = bench.play(resume=whole.id, begin=lambda session, at=header.id: session.fork(at))
        assert forked.ending == whole.ending, header.id
        assert not forked.asked, header.id


def test_a_local_of_python_that_is_under_way_cant_be_changed_and_an_agents_variable_can() -> None:
    bench = Bench(
        {"Main": 'await Say("user", str(await Collect(["x", "y"], 5)))\nawait EndProgram()\n'},
        python="""
            unit = "g"

            @playbook
            async def Collect(names: list, amount: int) -> list:
                return [f"{await do(name)} {amount} {unit}" for name in names]
            """,
    )
    whole = bench.play()
    first = next(header.id for header in whole.headers if header.kind == "tool")
    with pytest.raises(UserError, match="amount is a local of Collect, which is Python under way"):
        bench.play(resume=whole.id, begin=lambda session: session.fork(first, set={"amount": 9}))
    forked = bench.play(resume=whole.id, begin=lambda session: session.fork(first, result="X", set={"$unit": "kg"}))
    assert forked.said == ["['X 5 kg', 'y 5 kg']"]
    anew = bench.play(resume=whole.id, begin=lambda session: session.fork(first, regenerate=True))
    assert [call[3] for call in anew.asked] == ['await Say("user", str(await Collect(["x", "y"], 5)))']


def test_at_what_the_person_said_its_receiver_is_the_one_that_is_changed() -> None:
    turn = """
        n = 0
        while n < 2:
            answer = await Yld("user")
            n += 1
        await Say("user", f"{answer} {$mood}")
        await EndProgram()
        """
    bench = Bench({"Main": turn}, python='mood = "calm"', person=["a", "b"])
    whole = bench.play()
    said = next(header.id for header in whole.headers if header.agent == "human" and header.kind == "say")
    changed = {"n": 1, "mood": "grim"}
    forked = bench.play(resume=whole.id, begin=lambda session: session.fork(said, set=changed))
    assert forked.said == ["a grim", "a"]
    anew = bench.play(resume=whole.id, begin=lambda session: session.fork(said, regenerate=True))
    assert len(anew.asked) == 1 and anew.said == whole.said


def test_a_fork_is_served_of_the_line_that_a_resume_went_on_with_past_a_damaged_file() -> None:
    turns = ['await Say("user", "one")\nx = await do("a")\n', 'await Say("user", "two")\nawait EndProgram()\n']
    bench = Bench({"Main": turns})
    bench.play(crash=committed("tool", "a"))
    store = FileStore(CRASHED)
    damaged = store.headers()[-1].id  # its index knows what the file said
    store.close()
    Path(CRASHED, "1000", f"{damaged}.pkl").write_bytes(b"")
    resumed = bench.play(storage=CRASHED, resume=True)
    assert resumed.resumed is not None and len(resumed.resumed.skipped) == 1
    forked = bench.play(storage=CRASHED, resume=resumed.id, begin=lambda session: session.fork("human_ckpt_1"))
    assert (forked.said, forked.asked) == (["one", "two"], [])
