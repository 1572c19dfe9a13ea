"""What the model is shown: the live call stack, the same whenever it is made."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from runtime.scenario import Broken, Run, resume
from runtime.written import Written, main, prompts, resumes, start, told, written

from playbooks.checkpoints.chain import fold
from playbooks.models.base import ModelError
from playbooks.runtime.asking import prompt_hash
from playbooks.runtime.context import prompt_of
from playbooks.runtime.response import Response
from playbooks.state import ProgramState, from_builtins, reduce
from playbooks.state import events as e
from playbooks.state.changes import apply

SHOP = """
    # Seller
    ```python
    stock = {"pen": 3, "ink": 0}

    @playbook
    async def Lookup(what):
        "How many there are."
        return await Count(what)
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Count($what)
    ### Steps
    - Count

    ## Ask($question, again=False)
    There are {len($stock)} kinds, and {Lookup("pen")} pens.
    ### Steps
    - Ask

    # Buyer
    startup_mode: standby
    ## Deal($price, limit=5)
    public: true
    ### Steps
    - Deal
"""
ANSWERS = {
    "Main": (
        """
        $total = 1
        kinds = {"b", "a", "c"}
        name = await Ask("name?")
        """,
        """
        await CreateAgent("Buyer")
        for n in range(2):
            deal = await Buyer.Deal(n)
        undefined
        """,
        """
        await Return(name)
        """,
    ),
    "Count": "await Return($stock[what])",
    "Ask": ('await Say("user", question)', 'x = await Yld("user")', "await Return(x)"),
    "Deal": "await Return(price + limit)",
}


def shop(chunk: int = 7) -> Written:
    return written(SHOP, ANSWERS, person=("Ann",), chunk=chunk)


def rebuilt(run: Run) -> list[tuple[int, str, str]]:
    """Of each call: its number, the hash of its prompt as recorded, and as built from the checkpoints alone."""
    found: list[tuple[int, str, str]] = []
    program, state = run.scenario.program(), ProgramState()
    for header in run.headers:
        for event in from_builtins(run.store.read(header.id).events):
            if isinstance(event, e.ModelAsked):
                executed = ""
                if event.continues:
                    held = Response(state.response[event.frame], state.whole.get(event.frame, 0))
                    executed = held.code[: held.end_of(state.progress_of(event.frame).offset)]
                built = prompt_of(program, state, event.frame, executed)
                found.append((event.call, event.prompt_hash, prompt_hash(built)))
            apply(state.tables, reduce(state, event))
        assert state == fold(run.store.read, header.id).state
    return found


def test_the_prompt_of_every_past_call_can_be_built_from_the_checkpoints_before_it() -> None:
    calls = rebuilt(resumes(shop()))
    assert len(calls) > 8
    assert [(number, recorded) for number, recorded, _ in calls] == [(number, built) for number, _, built in calls]


def test_the_prompts_are_those_of_every_run_however_the_text_was_chunked() -> None:
    hashes = {tuple(recorded for _, recorded, _ in rebuilt(start(shop(chunk)))) for chunk in (1, 3, 7, 1000)}
    assert len(hashes) == 1


def test_a_resumed_run_asks_the_same_prompts_as_the_one_that_never_stopped() -> None:
    whole = start(shop())
    asked = [recorded for _, recorded, _ in rebuilt(whole)]
    seen = set[str]()
    for header in whole.headers[1:-1]:
        again = resume(whole, header.id)
        fresh = [prompt_hash(request.prompt) for request in again.model.requests if not request.received]
        assert set(fresh) <= set(asked), header.id
        seen.update(fresh)
    assert len(seen) >= len(set(asked)) - 2, "all but the very first are asked by some resume"


def test_prompts_do_not_depend_on_hash_order_or_addresses() -> None:
    code = (
        "from runtime.test_context import shop, rebuilt, start\n"
        "print([recorded for _, recorded, _ in rebuilt(start(shop()))])\n"
    )
    folder = Path(__file__).parents[1]
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(seen) == 1
    run = start(shop())
    assert not any(" at 0x" in prompt for playbook in ANSWERS for prompt in prompts(run, playbook))


def test_a_playbook_that_returned_leaves_only_its_result() -> None:
    run = start(shop())
    last = told(run)
    assert "Ask('name?', False) returned 'Ann'" in last
    assert "Carry out Ask" not in last
    assert "Yld" not in last


def test_the_caller_is_shown_up_to_the_statement_it_stands_at() -> None:
    run = start(shop())
    shown = next(request for request in run.model.requests if request.playbook == "Ask").prompt
    assert "$total = 1" in shown[2]["content"]
    assert shown[2]["content"].rstrip().endswith('name = await Ask("name?")')
    below = prompts(run, "Count")
    assert below and all('name = await Ask("name?")' in prompt for prompt in below)


def test_messages_alternate_between_user_and_assistant() -> None:
    for request in start(shop()).model.requests:
        roles = [message["role"] for message in request.prompt]
        assert roles[0] == "system"
        assert all(one != other for one, other in itertools.pairwise(roles))
        assert roles[-1] == "user"


def test_descriptions_are_resolved_when_the_playbook_is_called_and_not_again() -> None:
    run = start(shop())
    asked = [request for request in run.model.requests if request.playbook == "Ask"]
    assert len(asked) == 3
    assert all("There are 2 kinds, and 3 pens." in str(request.prompt) for request in asked)


def test_the_prompt_says_who_is_who_and_where_it_stands() -> None:
    run = start(shop())
    first = prompts(run)[0]
    assert "You are agent 1000, a Seller." in first
    assert "# Other agent classes\n\n- Buyer" in first
    assert "- Buyer.Deal(price, limit)" in first
    assert "- T1:BGN When the program starts" in first
    deal = told(run, "Deal")
    assert "Carry out Deal(price=1, limit=5), which Seller (agent 1000) asks for." in deal
    assert "Other agents: agent 1000 (Seller)" in deal


@pytest.mark.rule("R-VAR")
def test_variables_are_shown_the_agents_with_a_dollar_and_the_calls_own_without() -> None:
    run = start(main("$total = 90\nsum_so_far = {3, 1, 2}", "await Return(1)"))
    assert "    $total = 90" in told(run)
    assert "    sum_so_far = {1, 2, 3}" in told(run)


def test_without_checkpoints_the_model_is_shown_the_same() -> None:
    durable, bare = start(shop()), start(shop(), durable=False)
    assert [request.prompt for request in bare.model.requests] == [request.prompt for request in durable.model.requests]
    assert bare.outcome() == durable.outcome()


@pytest.mark.rule("R-CONTINUE")
def test_a_prompt_that_continues_tells_what_ran_and_can_be_built_again() -> None:
    def answer(request):  # type: ignore[no-untyped-def]
        text = 'await Say("user", "one")\nawait Say("user", "two")\nawait Return(2)\n'
        return text if request.received else Broken(text[:40], ModelError("the stream broke"))

    run = resumes(written("# A\n## Main\n### Triggers\n- When the program starts\n### Steps\n- Go", {"Main": answer}))
    assert 'This part of it already ran:\n\n    await Say("user", "one")' in told(run)
    assert all(recorded == built for _, recorded, built in rebuilt(run))


def test_a_hidden_playbook_is_shown_only_when_it_is_called() -> None:
    run = start(
        written(
            """
            # Seller
            ## Main
            ### Triggers
            - When the program starts
            ### Steps
            - Go
            ## Secret($n)
            hidden: true
            ### Steps
            - Whisper
            """,
            {"Main": "x = await Secret(1)\nawait Return(x)", "Secret": "await Return(n)"},
        )
    )
    assert "Whisper" not in prompts(run)[0]
    assert "01:EXE Whisper" in prompts(run, "Secret")[0]
    assert run.results["1000"] == [1]


def test_a_python_playbook_on_the_stack_is_named() -> None:
    run = start(shop())
    assert "Lookup, which is written in Python, runs." in told(run, "Count")


@pytest.mark.parametrize("durable", [True, False])
def test_calls_and_coroutines_that_are_over_are_not_shown_as_values(durable: bool) -> None:
    kept = """
        calls = [Wait(1), Wait(2)]
        waited = await asyncio.gather(*calls)
        async def own():
            return await Wait(3)
        running = own()
        await running
        mixed = [running, 4]
        1 / 0
    """
    run = start(main(kept, "await Return(len(calls))"), durable=durable)
    assert run.results["1000"] == [2]
    shown = told(run).partition("This call's own:")[2]
    assert "waited = [1, 2]" in shown and "mixed = [" in shown
    names = [line.strip().partition(" = ")[0] for line in shown.splitlines()]
    assert "calls" not in names and "running" not in names
