"""Forks in the places that are hard: in the middle of a loop, of a live run, of a response still being received; and
resumes of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from session.crashes import CRASHED, TEAM, Bench, Played, committed, nth

from playbooks import DebugSession
from playbooks.errors import UserError
from playbooks.language import load_program
from playbooks.runtime.notices import Asked, Committed, ModelCalled, Notice
from playbooks.session.edits import Edits
from playbooks.session.fitting import Typed, fits

HAGGLES = {
    "Main": """
    price = 100
    offers = []
    while price > 60:
        await Say("Worker", f"offer {price}")
        answer = await Yld("Worker")
        cut = await lower(price)
        price -= cut
        offers.append(price)
        await Say("user", f"{answer}, now {price}")
    await Say("user", f"{offers}")
    await EndProgram()
    """,
    "Work": """
    n = 0
    while True:
        x = await Yld("Lead")
        n += 1
        await Say("Lead", f"no {n} to {x}")
    """,
}
LOWER = """
    @playbook
    async def lower(price: int) -> int:
        return 10
"""
ENDS = "[90, 80, 70, 60]"


def haggle() -> Bench:
    return Bench(HAGGLES, TEAM, python=LOWER)


def forks(checkpoint: str, **options: Any) -> Callable[[DebugSession], Coroutine[Any, Any, None]]:
    async def fork(session: DebugSession) -> None:
        await session.fork(checkpoint, **options)

    return fork


def at(played: Played, kind: str, text: str) -> str:
    """Id of the first checkpoint of this kind whose text holds `text`."""
    return next(header.id for header in played.headers if header.kind == kind and text in header.text)


def calls(played: Played) -> int:
    return sum(isinstance(notice, ModelCalled) for notice in played.notices)


def test_a_variable_edited_in_the_middle_of_a_while_is_what_its_next_turns_see() -> None:
    bench = haggle()
    whole = bench.play()
    assert whole.said[-1] == ENDS
    second = at(whole, "say", "now 80")
    forked = bench.play(resume="s1", begin=forks(second, set={"offers": ["edited"]}))
    assert forked.said[-1] == "['edited', 70, 60]"
    assert calls(forked) == 0
    forked = bench.play(resume="s1", begin=forks(second, set={"price": 200}))
    assert [text for text in forked.said if "now 19" in text] == ["no 3 to offer 200, now 190"]


def test_a_variable_edited_before_its_statement_goes_on_in_the_turn_is_used_by_the_rest_of_the_turn() -> None:
    bench = haggle()
    whole = bench.play()
    heard = at(whole, "heard", "no 2")
    forked = bench.play(resume="s1", begin=forks(heard, set={"price": 75}))
    assert "no 2 to offer 90, now 65" in forked.said
    assert forked.said[-1] == "[90, 65, 55]"


def test_a_result_edited_in_the_middle_of_a_while() -> None:
    bench = haggle()
    whole = bench.play()
    tool = [header.id for header in whole.headers if header.kind == "tool"][1]
    forked = bench.play(resume="s1", begin=forks(tool, result=25))
    assert forked.said[-1] == "[90, 65, 55]"
    assert calls(forked) == 0


def test_a_message_edited_in_the_middle_of_a_while() -> None:
    bench = haggle()
    whole = bench.play()
    said = at(whole, "say", "no 2 to")
    forked = bench.play(resume="s1", begin=forks(said, say=[("1001", "perhaps")]))
    assert "perhaps, now 80" in forked.said
    assert forked.said[-1] == ENDS


def test_edits_in_the_middle_of_a_while_are_kept_by_a_resume_of_a_resume_of_the_fork() -> None:
    bench = haggle()
    whole = bench.play()
    heard = at(whole, "heard", "no 2")
    fork = forks(heard, set={"price": 75}, label="dear")
    ends = bench.play(resume="s1", begin=fork, crash=committed("tool", "lower(75)"))
    once = bench.play(storage=CRASHED, resume="s1", crash=committed("say", "now 65"), copy="twice")
    twice = bench.play(storage="twice", resume="s1")
    assert ends.said[-1] == "[90, 65, 55]"
    assert once.ending == twice.ending == ends.ending
    assert twice.resumed is not None and twice.resumed.branch == "dear"


def test_a_resume_of_a_resume_of_a_fork_right_after_it_was_begun() -> None:
    bench = haggle()
    whole = bench.play()
    heard = at(whole, "heard", "no 2")
    fork = forks(heard, set={"price": 75})
    ends = bench.play(resume="s1", begin=fork, crash=nth(1, lambda notice: isinstance(notice, Committed)))
    once = bench.play(storage=CRASHED, resume="s1", crash=nth(1, committed("say")), copy="twice")
    twice = bench.play(storage="twice", resume="s1")
    assert once.ending == twice.ending == ends.ending


def test_a_fork_while_a_live_run_is_looked_at_interrupts_it_and_leaves_it_resumable() -> None:
    bench = Bench(
        {
            "Main": """
            for n in [1, 2, 3]:
                x = await do(n)
                await Say("user", f"{x}?")
                answer = await Yld("user")
                await Say("user", f"{x}: {answer}")
            await Return(n)
            """
        },
        person=["a", "b", "c"],
    )

    async def live() -> None:
        async with bench.opened() as session:
            asked: asyncio.Queue[None] = asyncio.Queue()
            answers = ["a"]

            def told(notice: Notice) -> None:
                if isinstance(notice, Asked) and notice.agents:
                    if answers:
                        session.say(answers.pop())
                    else:
                        asked.put_nowait(None)

            stop = session.subscribe(told)
            running = asyncio.ensure_future(session.run())
            await asked.get()
            looked = await session.state_at("1000_ckpt_1")
            assert looked.header.text == "do(1) = 1"
            branch = await session.fork("1000_ckpt_1", result=10)
            stop()
            assert await running == "interrupted"
            assert (branch.name, session.branch) == ("fork-1", "fork-1")
            answers[:] = ["z"]
            session.subscribe(told)
            going_on = asyncio.ensure_future(session.run())
            await asked.get()
            assert [message.text for message in session.messages][:3] == ["10?", "z", "10: z"]
            session.interrupt()
            assert await going_on == "interrupted"
            assert {branch.name: branch.status for branch in session.branches} == {
                "main": "interrupted",
                "fork-1": "interrupted",
            }
            newest = next(branch.head for branch in session.branches if branch.name == "main")
            assert (await session.state_at(newest)).header.kind == "interrupt"

    asyncio.run(asyncio.wait_for(live(), 120))


COUNTED = {"Main": ('await Say("user", "one")\n', 'await Say("user", "two")\nawait Return(2)\n')}


def test_temperature_and_model_of_a_fork_are_those_of_a_later_resume_of_its_branch() -> None:
    bench = Bench(COUNTED)
    other = Path("other.py")
    other.write_text('def respond(request):\n    return \'await Say("user", "other")\\nawait Return(2)\\n\'\n')
    bench.play()
    first = "1000_ckpt_1"
    fork = forks(first, model="script:other.py", temperature=0.7, label="warm")
    assert bench.play(resume="s1", begin=fork).said == ["one", "other"]

    async def settings(id: str) -> tuple[Any, ...]:
        async with bench.opened(resume=id) as session:
            held = session.runtime.model_settings
            return session.branch, held.path, held.temperature

    branch, path, temperature = asyncio.run(settings("s1"))
    assert (branch, temperature) == ("warm", 0.7) and str(path).endswith("other.py")
    branch, path, temperature = asyncio.run(settings(first))
    assert branch != "warm" and str(path).endswith("program_model.py") and temperature != 0.7


def test_a_fork_of_another_branch_runs_that_branchs_program_and_model() -> None:
    bench = Bench({"Main": 'x = await do("a")\nawait Say("user", f"{x}")\nawait Return(x)\n'})
    bench.play()
    text = Path(bench.file).read_text("utf-8")
    Path("double.pb").write_text(text.replace("return what", "return what * 2"), "utf-8")
    Path("other.py").write_text("def respond(request):\n    return 'await Return(1)\\n'\n")
    first = "1000_ckpt_1"
    fork = forks(first, program=load_program(["double.pb"]), model="script:other.py")
    doubled = bench.play(resume="s1", begin=fork)
    assert doubled.ending.status == "finished"

    async def other_branch() -> tuple[str, str]:
        async with bench.opened(resume="s1", verify=False) as session:
            assert session.branch == "fork-1"
            await session.fork(first)
            return session.program.name, str(session.runtime.model_settings.path)

    name, path = asyncio.run(other_branch())
    assert name == bench.file and path.endswith("program_model.py")


STREAMS = """
    import asyncio
    from pathlib import Path

    asked = 0

    async def respond(request):
        global asked
        asked += 1
        with open("program.asked", "a") as file:
            file.write('[""]\\n')
        if request.executed:
            yield 'await Say("user", "anew")\\nawait Return(2)\\n'
            return
        yield 'await Say("user", "one")\\nawait Say("user", "tw'
        while not Path("one is said").exists():
            await asyncio.sleep(0)
        yield 'o")\\nawait Return(2)\\n'
"""


def test_regenerate_asks_anew_although_the_record_has_the_rest_of_a_response_still_being_received() -> None:
    bench = Bench({}, script=STREAMS)
    one = committed("say", "one")

    def release(notice: Notice) -> bool:
        if one(notice):
            Path("one is said").touch()
        return False

    whole = bench.play(interrupt=release)
    assert whole.said == ["one", "two"]
    kept = bench.play(resume="s1", begin=forks("1000_ckpt_1"))
    assert (kept.said, calls(kept)) == (["one", "two"], 0)
    anew = bench.play(resume="s1", begin=forks("1000_ckpt_1", regenerate=True))
    assert (anew.said, calls(anew)) == (["one", "anew"], 1)
    mine = bench.play(resume="s1", begin=forks("1000_ckpt_1", response='await Say("user", "mine")\nawait Return(1)\n'))
    assert (mine.said, calls(mine)) == (["one", "mine"], 0)


def test_an_edited_answer_of_the_person_is_the_text_that_was_typed() -> None:
    bench = Bench({"Main": 'x = await Yld("user")\nawait Say("user", f"{x!r}")\nawait Return(x)\n'}, person=["7"])
    whole = bench.play()
    heard = at(whole, "heard", "7")
    forked = bench.play(resume="s1", begin=forks(heard, result=Typed("80")))
    assert "'80'" in forked.said
    with pytest.raises(UserError, match="gives str, and 80 is int"):
        bench.play(resume="s1", begin=forks(heard, result=80))


@pytest.mark.parametrize(
    ("typed", "declared", "value"),
    [
        ("80", "int", 80),
        ("80", "str", "80"),
        ("80", "", 80),
        ("80", "float", 80),
        ("80", "Money", 80),
        ("None", "int | None", None),
        ("[1, 2]", "list[int]", [1, 2]),
        ("{'a': 1}", "dict[str, int]", {"a": 1}),
        ("no deal", "", "no deal"),
        ("no deal", "Optional[str]", "no deal"),
    ],
)
def test_what_was_typed_is_read_as_the_declared_type(typed: str, declared: str, value: object) -> None:
    given = Typed(typed)
    meant = given.value if fits(given.value, declared) else given.text
    assert fits(meant, declared)
    assert (meant, type(meant)) == (value, type(value))


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (3.5, "int"),
        ("a", "int"),
        (True, "int"),
        ([1, "a"], "list[int]"),
        (1, "str | None"),
        ({"a": "b"}, "dict[str, int]"),
    ],
)
def test_what_does_not_fit_the_declared_type_is_told(value: object, declared: str) -> None:
    assert not fits(value, declared)


FAILS = """
    from pathlib import Path

    def respond(request):
        if request.turn == 0:
            return 'await do(1)\\nawait Say("user", "hi")\\n'
        return 'await Say("user", "mended")\\nawait Return(1)\\n' if Path("mended").exists() else "undefined\\n"
"""


def test_a_failed_agent_stays_failed_on_resume_and_the_fork_that_is_named_goes_otherwise() -> None:
    bench = Bench({}, script=FAILS)
    failed = bench.play()
    assert failed.ending.status == "failed"
    again = bench.play(resume=True)
    assert again.ending.status == "failed" and again.resumed is not None
    (agent,) = again.resumed.failed
    assert (agent.agent, agent.checkpoint) == ("1000", "1000_ckpt_2")
    assert again.resumed.agents[0].statement == 'await Say("user", "hi")', "the last that completed"
    Path("mended").touch()
    forked = bench.play(resume="s1", begin=forks(agent.checkpoint, regenerate=True))
    assert (forked.ending.status, forked.said) == ("finished", ["hi", "mended"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("# Worker", "# Builder", "has no agent Worker"),
        ("## Work", "## Walk", "has no playbook Work in Worker, which is under way"),
        ("return 10", "return 10\nnothing.here", "the Python block of Lead fails: NameError"),
    ],
)
def test_a_program_that_lacks_what_is_under_way_is_refused_before_anything_happens(
    old: str, new: str, says: str
) -> None:
    bench = haggle()
    whole = bench.play()
    text = Path(bench.file).read_text("utf-8")
    Path("other.pb").write_text(text.replace(f"{old}\n", f"{new}\n"), "utf-8")
    heard = at(whole, "heard", "no 1")

    async def refused() -> None:
        async with bench.opened(resume="s1") as session:
            before = len(session.timeline)
            with pytest.raises(UserError, match=says):
                await session.fork(heard, program=load_program(["other.pb"]))
            assert (len(session.timeline), session.branch) == (before, "main")

    asyncio.run(refused())


def test_a_change_is_named_by_whose_it_is_and_a_label_by_what_can_be_shown() -> None:
    bench = Bench(
        {
            "Main": """
            $pot = 5
            mine = 1
            await do("a")
            await Say("Worker", "go")
            await Yld("Worker")
            """,
            "Work": 'x = await Yld("Lead")\nawait EndProgram()\n',
        },
        TEAM,
    )
    played = bench.play()
    tool = at(played, "tool", "do('a')")

    async def planned() -> list[str]:
        async with bench.opened(resume=tool) as session:
            edits = Edits(set={"pot": 6, "mine": 2, "$new": 3, "1001.$purse": 4})
            plan = session.plan(tool, edits=edits, label=" on\n one line ")
            with pytest.raises(UserError, match="no name for a branch"):
                session.plan(tool, label="\x1b[31m")
            return [plan.branch, *(str(change) for change in plan.changes)]

    assert asyncio.run(planned()) == [
        "on one line",
        "$pot = 6, was 5",
        "mine = 2, was 1",
        "$new = 3",
        "1001.$purse = 4",
    ]
