"""What begins by itself: playbooks at the start, and what an idle agent does about messages."""

from __future__ import annotations

import pytest
from runtime.written import Answer, Written, outputs, prompts, resumes, said, start, told, written

SOURCE = """
    # Seller
    ```python
    stock = 2
    ```
    ## First
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Second($n=4)
    ### Triggers
    - At the beginning
    ### Steps
    - Go

    ## Prices
    ### Triggers
    - When somebody asks what it costs
    - When $stock < 3
    ### Steps
    - Tell them

    # Buyer
    startup_mode: standby
    ## Begin
    ### Triggers
    - When the program starts
    ### Steps
    - Go
"""
ASKS = 'await CreateAgent("Buyer")\nawait Return(1)'


def shop(**answers: Answer) -> Written:
    default: dict[str, Answer] = {
        "First": "await Return(1)",
        "Second": "await Return(n)",
        "Begin": 'await Say("Seller", "How much?")\nawait Return("asked")',
        "OnMessage": 'await Trigger("Prices:T1:EVT")\nx = await Prices()\nawait Return(x)',
        "Prices": 'await Say("agent 1001", "Nine.")\nawait Return("told")',
    }
    return written(SOURCE, default | answers)


@pytest.mark.rule("R-TRIGGER")
def test_playbooks_that_begin_at_the_start_run_one_after_the_other_in_their_order() -> None:
    run = resumes(shop())
    assert run.results == {"1000": [1, 4]}
    assert [(request.playbook, request.agent_id) for request in run.model.requests] == [
        ("First", "1000"),
        ("Second", "1000"),
    ]


def test_a_created_agent_begins_too() -> None:
    run = resumes(shop(First=ASKS))
    assert run.results["1001"] == ["asked"]


@pytest.mark.rule("R-TRIGGER")
def test_an_idle_agent_with_triggers_is_handed_messages_as_onmessage() -> None:
    run = resumes(shop(First=ASKS))
    assert run.results["1000"] == [1, 4, "told"]
    assert run.runtime.state.triggers["1000"] == {0: "Prices:T1:EVT"}
    assert said(run) == ["How much?", "Nine."]
    prompt = told(run, "OnMessage")
    assert "Buyer (agent 1001) said: How much?" in prompt
    assert "If one of the triggers of your playbooks has come true" in prompt


def test_the_prompt_shows_every_trigger_with_its_label() -> None:
    system = prompts(start(shop()), "First")[0]
    assert "- T1:EVT When somebody asks what it costs" in system
    assert "- T2:CND When $stock < 3" in system
    assert "- T1:BGN When the program starts" in system


def test_an_agent_that_is_busy_is_handed_messages_when_it_is_done() -> None:
    run = resumes(shop(First=ASKS, Second='await Wait(60)\nawait Say("user", "done")\nawait Return(2)'))
    assert run.results["1000"] == [1, 2, "told"]
    order = [header.statement for header in run.headers if header.agent == "1000"]
    assert order.index('await Say("user", "done")') < order.index('await Trigger("Prices:T1:EVT")')


def test_messages_that_came_together_are_handed_over_together() -> None:
    run = resumes(
        shop(
            First=ASKS,
            Second="await Wait(60)\nawait Return(2)",
            Begin='await Say("Seller", "How much?")\nawait Say("Seller", "And when?")\nawait Return(0)',
        )
    )
    assert [request.playbook for request in run.model.requests].count("OnMessage") == 1
    assert "said: How much?\nBuyer (agent 1001) said: And when?" in told(run, "OnMessage")


def test_an_agent_without_such_triggers_is_left_alone() -> None:
    run = resumes(
        shop(First='await CreateAgent("Buyer")\nawait Say("Buyer", "Hello?")\nawait Return(1)', Begin="await Return(2)")
    )
    assert run.ended == "finished"
    assert run.results["1001"] == [2]


def test_a_trigger_in_the_middle_of_something_runs_its_playbook_there() -> None:
    run = resumes(
        shop(First='await Trigger("Prices:T2:CND")\nx = await Prices()\nawait Return(x)', Prices="await Return($stock)")
    )
    assert run.results["1000"] == [2, 4]


def test_what_the_person_says_unasked_is_an_event_too() -> None:
    run = start(shop(OnMessage='await Say("user", "Nine.")\nawait Return("answered")'), message="How much?")
    assert run.results["1000"] == [1, 4, "answered"]
    assert "user said: How much?" in told(run, "OnMessage")


def test_a_playbook_that_begins_by_itself_without_its_arguments_fails_its_agent_with_a_clear_reason() -> None:
    run = start(
        written(
            "# A\n## Main($x)\n### Triggers\n- When the program starts\n### Steps\n- Go", {"Main": "await Return(x)"}
        )
    )
    assert run.ended == "failed"
    assert run.error == "A failed: TypeError: Main: missing a required argument: 'x'; it takes x"
    assert run.model.requests == []


HEADED = """
    # Seller
    ```python
    stock = 2
    ```
    ## Main($stock, $topic=$stock + 1)
    {head}
    ### Steps
    - Go
"""


@pytest.mark.parametrize("head", ["cli_entry: true", "### Triggers\n    - When the program starts"])
def test_what_a_beginning_playbook_cannot_do_without_is_the_agents_variable_of_that_name(head: str) -> None:
    run = resumes(written(HEADED.format(head=head), {"Main": "$stock = 9\nawait Return([stock, topic])"}))
    assert run.results == {"1000": [[9, 3]]}


def test_a_playbook_that_lacks_an_argument_when_it_begins_fails_its_agent() -> None:
    run = start(written(HEADED.format(head="cli_entry: true").replace("$stock,", "$price,"), {"Main": "1"}))
    assert run.ended == "failed"
    assert "Main: missing a required argument: 'price'; it takes price, topic" in run.error


def test_a_program_in_which_nothing_begins_by_itself_says_so() -> None:
    run = start(written(HEADED.format(head="Sells."), {"Main": "1"}))
    assert run.ended == "finished"
    (line,) = outputs(run)
    assert "begins by itself" in line and "When the program starts" in line
