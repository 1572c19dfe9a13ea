"""When nothing can happen any more: the end, or who waits for whom; and what only looks like it."""

from __future__ import annotations

import pytest
from runtime.scenario import resume
from runtime.written import Answer, Written, main, resumes, said, start, written

TEAM = """
    # Seller
    ```python
    import asyncio

    @playbook
    async def In_thread(n):
        return await asyncio.to_thread(slow, n)

    @playbook
    async def With_tasks(n):
        async def half(part):
            await asyncio.sleep(0.002 * part)
            return part
        tasks = [asyncio.create_task(half(part)) for part in range(n)]
        return sum([await task for task in tasks])

    @playbook
    async def With_library(n):
        return await fetch(n)

    def slow(n):
        import time
        time.sleep(0.03)
        return n * 2

    class Connection:
        async def __aenter__(self):
            self.reader = asyncio.Event()
            asyncio.get_running_loop().call_later(0.02, self.reader.set)
            return self

        async def __aexit__(self, *error):
            await asyncio.sleep(0)

        async def get(self, n):
            await asyncio.wait_for(self.reader.wait(), 60)
            return n * 3

    async def fetch(n):
        connection = Connection()
        await connection.__aenter__()
        try:
            return await connection.get(n)
        finally:
            await connection.__aexit__(None, None, None)
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    # Buyer
    ## Live
    ### Triggers
    - When the program starts
    ### Steps
    - Live

    # Idle
    ## Never
    ### Steps
    - Live
"""


def team(*turns: str, live: Answer = "await Return(0)") -> Written:
    return written(TEAM, {"Main": turns, "Live": live})


def test_a_program_whose_agents_have_nothing_left_to_do_is_finished() -> None:
    run = resumes(team('await Say("Buyer", "bye")\nawait Return(1)'))
    assert run.ended == "finished"
    assert run.error == ""


def test_a_program_that_begins_nothing_is_finished_at_once() -> None:
    run = start(written("# A\n## Never\n### Steps\n- Go", {}))
    assert run.ended == "finished"


def test_agents_that_wait_for_one_another_fail_the_run_which_says_who_waits_for_whom() -> None:
    run = resumes(team('x = await Yld("Buyer")\nawait Return(x)', live='x = await Yld("Seller")\nawait Return(x)'))
    assert run.ended == "failed"
    assert "Seller (agent 1000) waits for Buyer (agent 1001)" in run.error
    assert "Buyer (agent 1001) waits for Seller (agent 1000)" in run.error


def test_waiting_for_one_that_has_finished_is_said_to_be_that() -> None:
    run = resumes(team('x = await Yld("Buyer")\nawait Return(x)'))
    assert run.ended == "failed"
    assert run.error == "Seller (agent 1000) waits for Buyer (agent 1001), which has nothing left to do"


def test_waiting_for_one_that_failed_names_its_failure_too() -> None:
    run = resumes(team('x = await Yld("Buyer")\nawait Return(x)', live="undefined"))
    assert run.ended == "failed"
    assert "Buyer failed: Live failed 3 times in a row" in run.error
    assert "Seller (agent 1000) waits for Buyer (agent 1001)" in run.error


def test_who_waits_for_the_person_does_not_stand_still() -> None:
    run = resumes(
        written(
            TEAM,
            {
                "Main": 'x = await Yld("Buyer")\nawait Return(x)',
                "Live": 'x = await Yld("user")\nawait Say("Seller", x)\nawait Return(1)',
            },
            person=("go",),
        )
    )
    assert run.results == {"1000": ["go"], "1001": [1]}


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("x = await asyncio.to_thread(sum, [1, 2])", 3),
        ("x = await In_thread(4)", 8),
        ("x = await With_tasks(3)", 3),
        ("x = await With_library(2)", 6),
        ("await asyncio.sleep(0.02)\nx = 1", 1),
        ("x = await asyncio.wait_for(In_thread(4), 60)", 8),
        (
            "async def own():\n    await asyncio.sleep(0.01)\n    return 5\nx = await asyncio.create_task(own())",
            5,
        ),
        (
            "future = asyncio.get_running_loop().run_in_executor(None, sum, [1, 2])\nx = await future",
            3,
        ),
    ],
)
def test_what_takes_its_time_is_no_standing_still(code: str, result: int) -> None:
    run = resumes(team(f"{code}\n$x = x\nawait Return($x)", live='x = await Yld("Seller")\nawait Return(x)'))
    assert run.results["1000"] == [result]
    assert "Buyer (agent 1001) waits for Seller (agent 1000)" in run.error


def test_code_that_waits_for_a_timer_of_the_loop_is_no_standing_still() -> None:
    run = start(
        main(
            """
            async def later():
                event = asyncio.Event()
                asyncio.get_running_loop().call_later(0.03, event.set)
                await event.wait()
            await later()
            await Return(1)
            """
        )
    )
    assert run.results["1000"] == [1]


def test_a_timer_that_goes_off_ends_a_wait_in_vain() -> None:
    run = resumes(
        team(
            """
            try:
                await asyncio.wait_for(Yld("Buyer"), 0.02)
            except TimeoutError:
                $late = True
            await Return($late)
            """
        )
    )
    assert run.results["1000"] == [True]
    assert run.ended == "finished"


TAKES = """
async def takes(seconds):
    if seconds:
        await asyncio.sleep(seconds)
    return seconds
"""


def test_whoever_leaves_as_completed_early_does_not_wait_for_its_timeout() -> None:
    run = resumes(
        main(
            f"""{TAKES}
async def first():
    for found in asyncio.as_completed([takes(0), takes(0)], timeout=60):
        return await found
await Return(await first())
"""
        )
    )
    assert run.results["1000"] == [0]
    assert not [header.text for header in run.headers if "60" in header.text]


def test_what_as_completed_gave_ends_at_its_timeout_also_after_it_was_walked() -> None:
    run = resumes(
        main(
            f"""{TAKES}
async def late():
    long = asyncio.create_task(takes(60))
    one, other = asyncio.as_completed([takes(0), long], timeout=0.02)
    found = [await one]
    try:
        await other
    except TimeoutError:
        found.append("late")
    long.cancel()
    return found
await Return(await late())
"""
        )
    )
    assert run.results["1000"] == [[0, "late"]]


def test_a_wait_that_its_time_has_ended_ends_at_once_when_resumed() -> None:
    run = resumes(
        main(
            """
async def waits():
    never = asyncio.create_task(asyncio.Event().wait())
    await asyncio.wait([never], timeout=0.02)
    await Say("user", "over")
    never.cancel()
await waits()
await Return(1)
"""
        )
    )
    assert [header.text for header in run.headers[1:3]] == ["sleep(0.02)", "over"], "the timer is an effect like any"


def test_an_idle_agent_that_is_spoken_to_and_listens_to_nothing_does_not_hold_the_run_up() -> None:
    run = resumes(team('await Say("Idle", "x")\nawait Return(1)'))
    assert run.ended == "finished"
    assert said(run, receiver="1002") == ["x"]


def test_a_resume_that_stands_still_says_which_value_could_not_be_stored() -> None:
    run = start(
        main(
            """
            numbers = (n for n in range(3))
            async def add():
                await Say("user", f"{next(numbers)}")
                await Say("user", f"{next(numbers)}")
            await add()
            await EndProgram()
            """
        )
    )
    assert said(run) == ["0", "1"]
    resumed = resume(run, next(header.id for header in run.headers if header.text == "0"))
    assert resumed.ended == "failed" and "stands still" in resumed.error
    assert "`$numbers` could not be stored (a generator made by `numbers = (n for n in range(3))`)" in resumed.error
