"""Who hears what: targets, `Say` and `Yld`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from runtime.scenario import resume
from runtime.written import main, outputs, resumes, said, start, told, written

SHOP = """
    # Seller
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    # Buyer
    startup_mode: standby
    ## Listen
    ### Triggers
    - When the program starts
    ### Steps
    - Wait

    # Boss
    startup_mode: standby
    ## Listen
    ### Triggers
    - When the program starts
    ### Steps
    - Wait
"""
HEARS = 'x = await Yld("agent 1000")\nawait Return(x)'


def shop(*turns: str, **answers: str):  # type: ignore[no-untyped-def]
    return written(SHOP, {"Seller.Main": turns, "Buyer.Listen": HEARS, "Boss.Listen": HEARS, **answers})


# -- targets ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-SAY")
@pytest.mark.parametrize("target", ["user", "human", "User", "the user", "agent human"])
def test_the_person_is_reached_by_each_of_its_names(target: str) -> None:
    run = resumes(main(f'await Say("{target}", "hello")\nawait Return(1)'))
    assert [(row[0], row[1]) for row in run.runtime.state.messages.values()] == [("1000", ("human",))]


@pytest.mark.rule("R-SAY")
@pytest.mark.parametrize(
    "target", ["agent 1001", "1001", "Agent 1001", "agent_1001", "Buyer", "agent Buyer", " agent 1001 "]
)
def test_an_agent_is_reached_by_id_or_class(target: str) -> None:
    run = resumes(shop(f'await CreateAgent("Buyer")\nawait Say("{target}", "hello")\nawait Return(1)'))
    assert [row[1] for row in run.runtime.state.messages.values()] == [("1001",)]
    assert run.results["1001"] == ["hello"]


@pytest.mark.rule("R-CREATE")
def test_a_created_agent_is_reached_by_what_createagent_gave_and_by_its_name() -> None:
    run = resumes(
        shop(
            """
            ann = await CreateAgent("Buyer", name="Ann")
            bob = await CreateAgent("Buyer", name="Bob")
            await Say(ann, f"to {ann}")
            await Say("Bob", "to Bob")
            await Return([ann, bob])
            """
        )
    )
    assert run.results["1000"] == [["agent 1001", "agent 1002"]]
    assert run.results["1001"] == ["to agent 1001"]
    assert run.results["1002"] == ["to Bob"]


@pytest.mark.rule("R-SAY")
def test_an_unknown_target_is_an_error_that_says_who_there_is_and_nobody_hears_it() -> None:
    run = resumes(shop('await CreateAgent("Buyer")\nawait Say("agent 1007", "psst")', 'await Return("given up")'))
    assert said(run) == []
    assert run.results["1000"] == ["given up"]
    assert "there is no agent 1007; there are user, agent 1000 (Seller), agent 1001 (Buyer)" in told(run)


def test_a_word_that_is_nobody_is_told_as_such() -> None:
    run = start(shop('await Say("Byuer", "psst")', "await Return(1)"))
    assert said(run) == []
    assert '"Byuer" is nobody here; there are user, agent 1000 (Seller)' in told(run)


def test_a_class_without_an_agent_tells_how_to_make_one() -> None:
    run = start(shop('await Say("Buyer", "psst")', "await Return(1)"))
    assert said(run) == []
    assert 'make one with await CreateAgent("Buyer")' in told(run)


def test_a_class_with_two_agents_is_no_target() -> None:
    run = start(
        shop('await CreateAgent("Buyer")\nawait CreateAgent("Buyer")\nawait Say("Buyer", "psst")', "await EndProgram()")
    )
    assert said(run) == []
    assert "Buyer is more than one: say which, agent 1001 or agent 1002" in told(run)


def test_a_meeting_that_was_not_opened_is_no_target() -> None:
    run = start(main('await Say("meeting 101", "hello?")', "await Return(1)"))
    assert said(run) == []
    assert "there is no meeting 101; none was opened" in told(run)


def test_meeting_outside_of_one_is_no_target() -> None:
    run = start(main('await Say("meeting", "hello?")', "await Return(1)"))
    assert said(run) == []
    assert "this playbook is in no meeting" in told(run)


def test_an_agent_can_not_talk_to_itself() -> None:
    run = start(main('await Say("agent 1000", "me?")', "await Return(1)"))
    assert said(run) == []
    assert "agent 1000 is this agent itself" in told(run)


def test_what_is_no_text_is_said_as_text() -> None:
    assert said(start(main('await Say("user", 42)\nawait Return(1)'))) == ["42"]


def test_nobody_gets_a_message_meant_for_another() -> None:
    run = resumes(
        shop(
            """
            await CreateAgent("Buyer")
            await CreateAgent("Boss")
            await Say("agent 1002", "for the boss")
            await Say("agent 1001", "for the buyer")
            await Return(1)
            """
        )
    )
    assert run.results["1001"] == ["for the buyer"]
    assert run.results["1002"] == ["for the boss"]


def test_a_human_class_is_a_target_by_its_name() -> None:
    run = resumes(
        written(
            """
            # Seller
            ## Main
            ### Triggers
            - When the program starts
            ### Steps
            - Go

            # Customer:Human
            Somebody who buys.
            """,
            {"Main": 'await Say("Customer", "hello")\nx = await Yld("Customer")\nawait Return(x)'},
            person=("good day",),
        )
    )
    assert run.results["1000"] == ["good day"]
    assert run.runtime.state.agents["human"][0] == "Customer"


# -- waiting ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-YLD")
def test_yld_gives_what_the_person_says() -> None:
    run = resumes(
        main('name = await Yld("user")\nawait Say("user", f"Hi {name}")', "await Return(name)", person=("Ann",))
    )
    assert run.results["1000"] == ["Ann"]
    assert "user said: Ann" in told(run)


@pytest.mark.rule("R-YLD")
def test_yld_of_an_agent_gives_all_it_sent_as_soon_as_anything_is_there() -> None:
    run = resumes(
        shop(
            'await CreateAgent("Buyer")\nx = await Yld("Buyer")\ny = await Yld("agent 1001")\nawait Return([x, y])',
            **{
                "Buyer.Listen": """
                    await Say("Seller", "one")
                    await Say("Seller", "two")
                    await Return(0)
                    """
            },
        ),
        race=True,
    )
    assert "\n".join(run.results["1000"][0]) == "one\ntwo"


def test_messages_that_wait_are_given_together_a_line_each() -> None:
    run = resumes(
        shop(
            """
            await CreateAgent("Buyer")
            await Say("Buyer", "one")
            await Say("Buyer", "two")
            await Say("Buyer", "go")
            await Return(1)
            """,
            **{"Buyer.Listen": 'await Wait(60)\nx = await Yld("agent 1000")\nawait Return(x)'},
        )
    )
    assert run.results["1001"] == ["one\ntwo\ngo"]


@pytest.mark.rule("R-YLD")
@pytest.mark.parametrize("kind", ["call", "return"])
def test_a_yld_that_marks_a_place_goes_on_at_once(kind: str) -> None:
    run = resumes(main(f'x = await Yld("{kind}")\nawait Return([x, "on"])'))
    assert run.results["1000"] == [[None, "on"]]


@pytest.mark.rule("R-GATHER")
def test_two_branches_that_wait_for_the_person_get_one_answer_each_in_order() -> None:
    run = resumes(
        main(
            """
            async def ask(what):
                await Say("user", what)
                return await Yld("user")
            a, b = await asyncio.gather(ask("name?"), ask("age?"))
            await Return([a, b])
            """,
            person=("Ann", "40"),
        )
    )
    assert run.results["1000"] == [["Ann", "40"]]


@pytest.mark.rule("R-GATHER")
@pytest.mark.parametrize(("ann", "bob"), [(1, 9), (9, 1)])
def test_of_two_branches_that_wait_the_one_that_began_to_wait_first_gets_the_first_answer(ann: int, bob: int) -> None:
    """Wherever it stands in the `gather`; both wait before anything is answered."""
    scenario = main(
        f"""
        async def ask(who, rounds):
            await Wait(rounds)
            await Say("user", who)
            return who + await Yld("user")
        await Return(await asyncio.gather(ask("Ann ", {ann}), ask("Bob ", {bob})))
        """,
        person=("1", "2"),
    )
    run = resumes(replace(scenario, together=2))
    assert run.results["1000"] == [["Ann 1", "Bob 2"] if ann < bob else ["Ann 2", "Bob 1"]]
    assert [header.kind for header in run.headers].count("heard") == 2


def test_what_another_agent_says_is_not_taken_for_the_one_waited_for() -> None:
    run = resumes(
        shop(
            """
            await CreateAgent("Buyer")
            await CreateAgent("Boss")
            a = await Yld("Boss")
            b = await Yld("Buyer")
            await Return([a, b])
            """,
            **{
                "Buyer.Listen": 'await Say("Seller", "I am the buyer")\nawait Return(0)',
                "Boss.Listen": 'await Wait(40)\nawait Say("Seller", "I am the boss")\nawait Return(0)',
            },
        )
    )
    assert run.results["1000"] == [["I am the boss", "I am the buyer"]]


def test_nothing_said_is_heard_before_its_checkpoint() -> None:
    run = start(shop('await CreateAgent("Buyer")\nawait Say("Buyer", "hi")\nawait Return(1)'))
    order = [(header.kind, header.agent) for header in run.headers]
    assert order.index(("say", "1000")) < order.index(("heard", "1001"))


def test_a_program_that_waits_for_a_person_who_left_ends_so_that_it_can_be_resumed() -> None:
    run = start(main('await Say("user", "?")\nx = await Yld("user")\nawait Return(x)'))
    assert run.ended == "interrupted"
    assert run.runtime.needs_input
    run.scenario = replace(run.scenario, person=("Ann",))
    again = resume(run, run.headers[-1].id)
    assert (again.ended, again.results["1000"]) == ("finished", ["Ann"])
    assert said(again) == ["?", "Ann"]


# -- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-END")
@pytest.mark.parametrize("end", ['Yld("exit")', "Exit()", "EndProgram()", 'Exit("bye")', 'EndProgram("bye")'])
def test_an_end_ends_the_program_whatever_others_wait_for(end: str) -> None:
    run = resumes(
        shop(f'await CreateAgent("Buyer")\nawait Say("user", "bye")\nawait {end}\nawait Say("user", "never")')
    )
    assert run.ended == "finished"
    assert said(run) == ["bye"]


@pytest.mark.rule("R-END")
@pytest.mark.parametrize(
    "code",
    [
        "for n in range(3):\n    await Say('user', str(n))\n    await {end}\n    await Say('user', 'never')",
        "while True:\n    await Say('user', '0')\n    await {end}\n    await Say('user', 'never')",
        "async def do():\n    await Say('user', '0')\n    await {end}\n    await Say('user', 'never')\nawait do()",
        "try:\n    await Say('user', '0')\n    await {end}\nexcept Exception:\n    await Say('user', 'never')",
        "if True:\n    await Say('user', '0')\n    await {end}\n    await Say('user', 'never')",
    ],
)
@pytest.mark.parametrize("end", ["Return(5)", 'Yld("exit")', "Exit()"])
@pytest.mark.rule("R-RETURN")
def test_nothing_runs_after_the_end_wherever_it_stands(code: str, end: str) -> None:
    run = resumes(main(code.format(end=end) + "\nawait Say('user', 'never')"))
    assert run.ended == "finished"
    assert said(run) == ["0"]
    if end == "Return(5)":
        assert run.results["1000"] == [5]


@pytest.mark.parametrize("end", ["Return(1)", "Exit()", 'Yld("exit")', "EndProgram()"])
def test_a_finally_that_speaks_after_the_end_says_nothing(end: str) -> None:
    run = start(main(f"try:\n    await {end}\nfinally:\n    await Say('user', 'never')"))
    assert said(run) == []
    assert run.ended == "finished"


@pytest.mark.rule("R-RETURN")
def test_a_response_without_return_is_followed_by_the_next() -> None:
    run = resumes(main("$n = 1", "$n = $n + 1", "await Return($n)"))
    assert run.results["1000"] == [2]
    assert [turn for _, turn, _ in run.model.asked] == [0, 1, 2]


def test_each_checkpoint_bears_the_await_it_stands_for_and_its_line() -> None:
    run = start(
        main(
            """
            await Say("user", "a")
            await Say("user",
                      "b")
            x = await Wait(1) + await Wait(2)
            async def helper():
                await Say("user", "c")
            for n in (1,):
                await helper()
            await Return(2)
            """
        )
    )
    assert [(header.statement, header.line) for header in run.headers[1:]] == [
        ('await Say("user", "a")', 1),
        ('await Say("user", "b")', 2),
        ("await Wait(1)", 4),
        ("await Wait(2)", 4),
        ('await Say("user", "c")', 6),
        ("await Return(2)", 9),
    ]


def test_print_is_shown_as_output_and_said_to_nobody() -> None:
    run = start(main("print('a', 1, sep='-')\nawait Return(1)"))
    assert outputs(run) == ["a-1"]
    assert said(run) == []
