"""What `execution_mode` says: raw prompts, playbooks without steps; and what the rules of steps come to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from runtime.scenario import Broken
from runtime.written import Answer, Written, main, prompts, resumes, said, start, told, written

from playbooks.checkpoints.chain import fold
from playbooks.models.base import ModelError, ModelRequest

DESK = """
    # Desk
    ```python
    kinds = ["Billing", "Other"]

    @playbook
    def joined(parts):
        return " or ".join(parts)
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Category($message)
    execution_mode: raw

    A customer wrote: "{$message}"
    Is it {joined($kinds)}? Answer in one word{"!" * 2}

    ## Wrong
    execution_mode: raw

    It is {$unknown}.

    ## Research($topic)
    Find out all there is about {$topic}.

    ### Notes
    Be brief.

    ## Planned
    execution_mode: react

    Do what is right.
    ### Steps
    - Perhaps this
"""


def desk(*turns: str, **answers: Answer) -> Written:
    return written(DESK, {"Main": turns, "Category": "  Billing\n", **answers})


def test_a_raw_prompt_is_its_description_alone_and_its_text_the_result() -> None:
    run = resumes(desk('x = await Category("Where is my bill?")\nawait Return(x)'))
    assert run.results["1000"] == ["Billing"]
    request = run.model.requests[-1]
    assert request.prompt == [
        {
            "role": "user",
            "content": 'A customer wrote: "Where is my bill?"\nIs it Billing or Other? Answer in one word!!',
        }
    ]
    assert len(run.model.requests) == 2


def test_a_raw_text_is_not_run_whatever_it_looks_like() -> None:
    run = resumes(
        desk(
            'x = await Category("?")\nawait Return(x)',
            Category='```python\nawait Say("user", "I run")\n```\nawait Return(5)',
        )
    )
    assert said(run) == []
    assert run.results["1000"] == ['```python\nawait Say("user", "I run")\n```\nawait Return(5)']


def test_a_raw_text_cut_off_is_asked_for_again_as_a_whole() -> None:
    def answer(request: ModelRequest) -> str | Broken:
        first = not any(asked is not request and asked.playbook == "Category" for asked in run_requests)
        run_requests.append(request)
        return Broken("Bill", ModelError("the stream broke")) if first else "Billing"

    run_requests: list[ModelRequest] = []
    run = start(desk('x = await Category("?")\nawait Return(x)', Category=answer))
    assert run.results["1000"] == ["Billing"]


def test_an_expression_that_fails_in_a_raw_prompt_is_an_error_of_the_call() -> None:
    run = resumes(desk("await Wrong()", "await Return(1)"))
    assert "BadDescription" in told(run)
    assert "$unknown" in told(run)
    assert [request.playbook for request in run.model.requests] == ["Main", "Main"]


def test_that_error_is_the_same_when_it_is_replayed() -> None:
    code = (
        "try:\n    await Wrong()\nexcept Exception as error:\n"
        '    await Say("user", type(error).__name__)\n    await Say("user", str(error))\nawait Return(1)'
    )
    assert said(resumes(desk(code)))[0] == "BadDescription"


def test_raw_prompts_run_at_the_same_time() -> None:
    run = resumes(
        desk(
            'a, b = await asyncio.gather(Category("a"), Category("b"))\nawait Return([a, b])',
            Category=lambda request: request.arguments["message"] * 2,
        )
    )
    assert run.results["1000"] == [["aa", "bb"]]


@pytest.mark.parametrize("name", ["Research", "Planned"])
def test_a_playbook_without_steps_is_planned_by_the_model_turn_by_turn(name: str) -> None:
    arguments = '"pens"' if name == "Research" else ""
    run = resumes(
        desk(
            f"x = await {name}({arguments})\nawait Return(x)",
            **{name: ("# think\n$found = 1", "$found += 1", "await Return($found)")},
        )
    )
    assert run.results["1000"] == [2]
    assert all("It has no steps that must be kept to" in prompt for prompt in prompts(run, name))
    assert "It has no steps that must be kept to" not in prompts(run)[0]
    if name == "Research":
        assert "Find out all there is about pens." in told(run, name)


# -- steps -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-STEP")
@pytest.mark.rule("R-ORDER")
def test_each_step_is_recorded_where_and_whenever_it_is_reached() -> None:
    run = resumes(
        main(
            """
            await Step("Main:01:EXE")
            for n in range(2):
                await Step("Main:01.01:QUE")
                await Say("user", str(n))
            """,
            "await Return(1)",
        )
    )
    steps = [(header.step, header.kind) for header in run.headers[1:]]
    assert steps == [
        ("Main:01:EXE", "step"),
        ("Main:01.01:QUE", "step"),
        ("Main:01.01:QUE", "say"),
        ("Main:01.01:QUE", "step"),
        ("Main:01.01:QUE", "say"),
        ("Main:01.01:QUE", "end"),
    ]
    assert "You are in Main:01.01:QUE." in told(run)


@pytest.mark.rule("R-READ")
@pytest.mark.rule("R-TRUTH")
def test_what_was_heard_and_what_a_call_gave_is_in_the_next_prompt() -> None:
    scenario = desk('x = await Category("?")\nname = await Yld("user")', "await Return([x, name])")
    run = resumes(replace(scenario, person=("Ann",)))
    assert "Category('?') returned 'Billing'" in told(run)
    assert "user said: Ann" in told(run)
    assert run.results["1000"] == [["Billing", "Ann"]]


@pytest.mark.rule("R-COMPUTE")
def test_python_and_its_standard_library_are_there_to_compute_with() -> None:
    run = resumes(
        main(
            """
            import datetime, statistics
            from decimal import Decimal
            day = datetime.date(2024, 2, 28) + datetime.timedelta(days=2)
            $mean = statistics.mean([1, 2, 6])
            await Return([day.isoformat(), $mean, str(Decimal("0.1") * 3), sorted([3, 1])[0]])
            """
        )
    )
    assert run.results["1000"] == [["2024-03-01", 3, "0.3", 1]]


@pytest.mark.rule("R-STREAM")
def test_a_statement_runs_before_the_next_is_written() -> None:
    run = start(main('await Say("user", "first")\nawait Say("user", "second")\nawait Return(1)'))
    first = next(header.id for header in run.headers if header.kind == "say")
    received = fold(run.store.read, first).state.response[1]
    assert received.startswith('await Say("user", "first")')
    assert "Return" not in received
