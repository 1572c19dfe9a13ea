"""What goes wrong, and what the model, the caller and the person are told of it."""

from __future__ import annotations

import pytest
from runtime.scenario import Broken, resume
from runtime.written import Answer, Written, main, outputs, prompts, resumes, said, start, told, variables, written

from playbooks.errors import UserError
from playbooks.models.base import ModelError, ModelRequest
from playbooks.runtime.runtime import RunSettings

TOOLS = """
    # Seller
    ```python
    @playbook
    async def Find(what):
        if what == "ink":
            raise ValueError("no ink\\nat all")
        await Say("user", f"looking for {what}")
        return what.upper()

    @playbook
    def half(n):
        return 1 / n
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
    ## Child($n)
    ### Steps
    - Go
"""


def tools(answers: Answer, settings: RunSettings | None = None, **others: Answer) -> Written:
    return written(TOOLS, {"Main": answers, **others}, settings=settings)


# -- what the model is told ------------------------------------------------------------------------------------------


@pytest.mark.rule("R-ERROR")
def test_an_unknown_name_is_told_with_its_line_and_what_ran() -> None:
    run = resumes(main('price = 90\nawait Say("user", f"It costs {prise}.")\nprice = 91', "await Return(price)"))
    text = told(run)
    assert "This part of your answer already ran:\n\n    price = 90\n\nThen this failed at line 2:" in text
    assert "NameError: name 'prise' is not defined" in text
    assert "price = 91" not in text
    assert run.results["1000"] == [90]
    assert run.ended == "finished"


@pytest.mark.rule("R-ERROR")
@pytest.mark.rule("R-STREAM")
def test_a_syntax_error_is_told_and_what_stands_before_it_ran() -> None:
    run = resumes(main("$n = 1\nx = = 2\n$n = 2", "await Return($n)"))
    assert run.results["1000"] == [1]
    text = told(run)
    assert "failed at line 2:\n\n    x = = 2" in text
    assert "\n\nSyntaxError: invalid syntax\n" in text, text
    assert "<model" not in text


def test_a_syntax_error_within_a_block_names_its_own_line() -> None:
    run = start(main("$n = 1\nif $n:\n    $n = 5\n    y = = 3\n", "await Return($n)"))
    assert run.results["1000"] == [1]
    assert "failed at line 4" in told(run)


def test_code_that_python_parses_and_does_not_compile_is_told_without_the_engines_own_names() -> None:
    run = start(main("$n = 1\nreturn $n", "await Return($n)"))
    assert "'return' outside function" in told(run)
    assert "<model" not in told(run)
    assert run.results["1000"] == [1]


def test_an_exception_of_a_tool_is_told_and_can_be_caught() -> None:
    run = resumes(
        tools(
            (
                'await Find("pen")\nx = await Find("ink")\nawait Say("user", "never")',
                'try:\n    await Find("ink")\nexcept ValueError as e:\n    caught = str(e)\nawait Return(caught)',
            )
        )
    )
    assert "ValueError: no ink" in told(run)
    assert "failed at line 2" in told(run)
    assert run.results["1000"] == ["no ink\nat all"]
    assert "never" not in said(run)


@pytest.mark.rule("R-ERROR")
def test_what_a_failed_statement_had_done_is_told_and_not_done_again() -> None:
    run = resumes(
        tools(
            (
                'for what in ["pen", "cup", "ink", "bin"]:\n'
                '    await Say("user", f"now {what}")\n'
                "    $found = await Find(what)\n",
                "await Return($found)",
            )
        )
    )
    assert said(run) == ["now pen", "looking for pen", "now cup", "looking for cup", "now ink"]
    assert run.results["1000"] == ["CUP"]
    text = told(run)
    assert "failed at line 3" in text
    assert (
        'Before it failed, this of it was done:\n\n    # 2 turns of the loop\n    await Say("user", f"now {what}")'
        in text
    )


def test_what_branches_of_a_failed_gather_had_done_is_told() -> None:
    run = start(tools(('a, b = await asyncio.gather(Find("pen"), Find("ink"))', "await Return(1)")))
    assert "ValueError: no ink" in told(run)
    assert "Find('pen') returned 'PEN'" in told(run)
    assert "this of it was done:\n\n    await asyncio.gather(" in told(run)
    assert run.ended == "finished"


def test_an_error_is_told_as_what_came_after_it_was_not_run_however_the_text_was_chunked() -> None:
    text = 'await Say("user", "first")\n$n = 1\nundefined\n$n = 2\nawait Say("user", "never")\n'
    runs = [start(written(TOOLS, {"Main": (text, "await Return($n)")}, chunk=chunk)) for chunk in (1, 5, 500)]
    assert {told(run) for run in runs} == {told(runs[0])}
    assert '\n\nawait Say("user", "first")\n$n = 1\nundefined\n\n' in told(runs[0])
    assert all(said(run) == ["first"] for run in runs)


def test_a_call_that_is_not_awaited_is_an_error_at_once() -> None:
    run = resumes(main('Say("user", "psst")\nawait Say("user", "never")', "await Return(1)"))
    assert said(run) == []
    assert "Say: called, never awaited; write await Say(…)" in told(run)


@pytest.mark.rule("R-AWAIT")
def test_a_call_kept_and_never_awaited_is_told_at_the_end_of_the_response() -> None:
    run = resumes(main('kept = Say("user", "psst")\n$n = 1', "await Return($n)"))
    assert said(run) == []
    assert "Say: called, never awaited" in told(run)


@pytest.mark.parametrize("text", ["", "# only a thought\n", "\n\n"])
def test_an_answer_without_code_is_told_so_and_not_asked_for_endlessly(text: str) -> None:
    run = resumes(main(text, text, "await Return(1)"))
    assert run.results["1000"] == [1]
    assert "Your answer held no code" in told(run)
    run = start(main(text))
    assert run.ended == "failed"
    assert len(run.model.requests) == 3


def test_a_class_whose_python_fails_can_not_be_made_and_the_model_is_told_where() -> None:
    run = resumes(
        written(
            """
            # Seller
            ## Main
            ### Triggers
            - When the program starts
            ### Steps
            - Go
            # Buyer
            startup_mode: standby
            ```python
            a = 1
            b = a / 0
            ```
            ## Go
            ### Steps
            - Go
            """,
            {"Main": ('await Say("user", "a")\nawait CreateAgent("Buyer")', "await Return(2)")},
        )
    )
    assert "written.pb:11: the Python block of Buyer fails: ZeroDivisionError: division by zero" in told(run)
    assert run.results["1000"] == [2]
    assert list(run.runtime.state.agents) == ["human", "1000"]


def test_a_program_whose_python_fails_at_the_start_is_one_line() -> None:
    source = (
        "# A\n```python\nx = {}\n\ny = x['a']\n```\n## Main\n### Triggers\n- When the program starts\n### Steps\n- Go"
    )
    with pytest.raises(UserError) as failed:
        start(written(source, {}))
    assert str(failed.value) == "written.pb:5: the Python block of A fails: KeyError: 'a'"


# -- how often -------------------------------------------------------------------------------------------------------


def test_an_agent_whose_turns_keep_failing_fails_with_a_clear_status() -> None:
    run = resumes(main("undefined", "undefined", "undefined", 'await Return("too late")'))
    assert run.ended == "failed"
    assert run.error == (
        "Seller failed: Main failed 3 times in a row and was given up;"
        " the last time: NameError: name 'undefined' is not defined"
    )
    assert run.runtime.state.agent("1000").status == "failed"


def test_only_failures_in_a_row_count() -> None:
    bad, good = "undefined", "$n = 1"
    run = resumes(main(bad, bad, good, bad, bad, good, "await Return($n)"))
    assert run.ended == "finished"


def test_how_often_is_the_configurations() -> None:
    assert start(main("undefined", "await Return(1)", settings=RunSettings(max_failures=1))).ended == "failed"


def test_a_child_that_is_given_up_is_an_ordinary_error_for_its_caller() -> None:
    run = resumes(
        tools(
            (
                "try:\n    await Child(1)\nexcept Exception as e:\n    $why = str(e)",
                "await Return($why)",
            ),
            Child="undefined",
        )
    )
    assert run.ended == "finished"
    assert run.results["1000"] == [
        "Child failed 3 times in a row and was given up; the last time: NameError: name 'undefined' is not defined"
    ]


def test_another_agent_goes_on_when_one_failed_and_the_run_has_failed_all_the_same() -> None:
    run = resumes(
        written(
            """
            # Seller
            ## Main
            ### Triggers
            - When the program starts
            ### Steps
            - Go
            # Buyer
            ## Buy
            ### Triggers
            - When the program starts
            ### Steps
            - Go
            """,
            {"Main": "undefined", "Buy": 'await Wait(40)\nawait Say("user", "done")\nawait Return(7)'},
        )
    )
    assert run.ended == "failed"
    assert run.results["1001"] == [7]
    assert run.error.startswith("Seller failed:")


def test_a_python_block_that_fails_fails_its_caller_with_the_name_of_the_error() -> None:
    run = start(tools(("$n = await half(0)", "await Return(3)")))
    assert "ZeroDivisionError: division by zero" in told(run)


# -- the model's own failures ----------------------------------------------------------------------------------------


def breaking(text: str, at: int, then: str = "") -> Answer:
    """Breaks off once after `at` characters; goes on with the rest of `text`, or with `then`."""

    def answer(request: ModelRequest) -> str | Broken:
        failed = any("broke off" in message["content"] for message in request.prompt[1:])
        if not failed and not request.received:
            return Broken(text[:at], ModelError("the stream broke"))
        return then or text

    return answer


@pytest.mark.rule("R-STREAM")
@pytest.mark.parametrize("at", range(0, 60, 3))
def test_a_statement_cut_off_in_the_middle_never_runs(at: int) -> None:
    text = '$price = 100\nawait Say("user", f"{$price}")\n$price = 205\nawait Return($price)\n'
    run = start(tools(breaking(text, at)))
    assert run.ended == "finished"
    assert run.results["1000"] == [205]
    assert said(run) == ["100"]
    assert variables(run)["price"] == 205


@pytest.mark.rule("R-CONTINUE")
def test_going_on_says_what_ran_and_what_was_received() -> None:
    text = 'await Say("user", "one")\n$price = 100\nawait Return($price)\n'
    run = resumes(tools(breaking(text, text.index("00\n"))))
    asked = run.model.requests[-1]
    assert asked.executed == 'await Say("user", "one")'
    assert asked.received == 'await Say("user", "one")\n'
    assert asked.turn == 0
    assert "the model's response broke off: the stream broke" in told(run)
    assert said(run) == ["one"]
    assert run.results["1000"] == [100]


def test_what_follows_a_cut_may_be_other_words_than_those_lost() -> None:
    text = 'await Say("user", "one")\n$price = 100\n'
    run = resumes(tools(breaking(text, 33, 'await Say("user", "one")\n$price = 7\nawait Return($price)')))
    assert run.results["1000"] == [7]
    assert said(run) == ["one"]


def test_a_model_that_never_answers_is_given_up() -> None:
    run = start(tools(lambda request: Broken("", ModelError("no answer in 30 s", "try again"))))
    assert run.ended == "failed"
    assert "no answer in 30 s; try again" in run.error
    assert len(run.model.requests) == 3


def test_a_fatal_model_error_stops_the_run_at_once_with_its_one_line() -> None:
    run = start(tools(lambda request: Broken("", ModelError("the key was refused", "set X_API_KEY", fatal=True))))
    assert run.ended == "failed"
    assert run.error == "the key was refused; set X_API_KEY"
    assert len(run.model.requests) == 1


def test_an_outage_stops_the_run_and_gives_no_agent_up() -> None:
    down = [True]

    def answer(request: ModelRequest) -> str | Broken:
        if len(request.prompt) and down[0] and "one" in request.executed:
            return Broken("", ModelError("no connection to openai", "check the network", outage=True))
        return 'await Say("user", "one")\n$n = 1\nawait Return($n)' if not request.executed else "await Return(7)"

    def cut(request: ModelRequest) -> str | Broken:
        first = not request.executed and not request.received
        return Broken('await Say("user", "one")\n', ModelError("cut", outage=True)) if first else answer(request)

    run = start(tools(cut))
    assert run.ended == "failed"
    assert run.error == "no connection to openai; check the network"
    assert run.results == {}
    down[0] = False
    again = resume(run, run.headers[-1].id)
    assert again.ended == "finished"
    assert again.results["1000"] == [7]
    assert said(again) == ["one"]


def test_the_limit_of_calls_fails_the_run_and_more_of_them_resume_it() -> None:
    def scenario(limit: int) -> Written:
        return tools(
            ("$n = 1", 'await Say("user", "on")\n$n += 1', "await Return($n)"), RunSettings(max_llm_calls=limit)
        )

    raised = "the limit of 2 model calls is reached; raise max_llm_calls in playbooks.toml"
    assert start(scenario(2), durable=False).error == raised
    run = start(scenario(2))
    assert run.ended == "failed"
    assert run.error == f"{raised} and go on with --resume"
    run.scenario = scenario(9)
    again = resume(run, run.headers[-1].id)
    assert again.ended == "finished"
    assert again.results["1000"] == [2]
    assert said(again) == ["on"]


def test_calls_are_counted_over_resumes() -> None:
    run = start(tools(("$n = 1", 'await Say("user", "on")', "await Return($n)")))
    assert run.runtime.state.count["call"] == 3
    again = resume(run, run.headers[-2].id)
    assert again.runtime.state.count["call"] == 3
    assert len(again.model.requests) == 1, "the two before it were counted, and are not asked again"


def test_an_error_of_the_script_itself_is_one_line() -> None:
    def answer(request: ModelRequest) -> str:
        raise KeyError("price")

    run = start(tools(answer))
    assert run.ended == "failed"
    assert "price" in run.error
    assert "\n" not in run.error
    assert outputs(run) == []


# -- what would take more along than the statement -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit(3)", "SystemExit: 3; a program is ended by await EndProgram()"),
        ("import sys\nsys.exit('no')", "SystemExit: no; a program is ended by await EndProgram()"),
        ("raise asyncio.CancelledError", "CancelledError"),
        (
            "async def w():\n    await Wait(90)\nt = asyncio.create_task(w())\nawait Wait(1)\nt.cancel()\nawait t",
            "CancelledError",
        ),
        (
            "async def w():\n    raise SystemExit(4)\nawait asyncio.gather(w(), Say('user', 'x'))",
            "SystemExit: 4; a program is ended by await EndProgram()",
        ),
    ],
)
def test_leaving_by_another_way_than_the_engines_is_an_ordinary_error(code: str, why: str) -> None:
    run = resumes(main(code, "await Return(1)"))
    assert run.ended == "finished"
    assert run.results["1000"] == [1]
    assert why in told(run)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("CreateAgent('Buyer', 3)", "CreateAgent: too many positional arguments; it takes class_name, **arguments"),
        ("Say('user')", "Say: missing a required argument: 'text'; it takes target, text"),
        ("Yld(who='user')", "Yld: got an unexpected keyword argument 'who'; it takes target='user'"),
        ("Loadfile()", "Loadfile: missing a required argument: 'path'; it takes path, inline=False, silent=False"),
    ],
)
def test_a_builtin_called_wrongly_says_what_it_takes(call: str, why: str) -> None:
    run = start(main(f"await {call}", "await Return(1)"))
    assert run.results["1000"] == [1]
    assert f"TypeError: {why}" in told(run)


@pytest.mark.parametrize(
    "begun",
    [
        "asyncio.gather(Wait(1))",
        "kept = asyncio.create_task(Wait(1))",
        "asyncio.ensure_future(Wait(1))",
        "async def w():\n        await Wait(1)\n    asyncio.create_task(w())",
    ],
)
def test_a_task_that_was_only_made_when_its_statement_failed_never_runs(begun: str) -> None:
    run = resumes(main(f"if True:\n    {begun}\n    1 / 0", "await Return(1)"))
    assert run.results["1000"] == [1]
    assert "ZeroDivisionError" in told(run)


def test_a_task_of_a_call_that_is_cancelled_at_once_is_no_call_that_was_forgotten() -> None:
    run = resumes(main("if True:\n    t = asyncio.create_task(Wait(1))\n    t.cancel()\nawait Return(1)"))
    assert run.results["1000"] == [1]
    assert len(prompts(run)) == 1


@pytest.mark.parametrize("what", ["5", "asyncio.sleep", "asyncio.gather(Wait(1))"])
def test_a_task_can_be_made_only_of_what_a_task_can_be_made_of(what: str) -> None:
    run = resumes(main(f"t = asyncio.create_task({what})", "await Return(1)"))
    assert run.results["1000"] == [1]
    assert "TypeError: a coroutine was expected, got" in told(run)


@pytest.mark.parametrize("what", ["raise SystemExit(4)", "raise asyncio.CancelledError", "import sys; sys.exit(4)"])
def test_a_tool_that_leaves_so_fails_its_call_alone(what: str) -> None:
    source = TOOLS.replace('raise ValueError("no ink\\nat all")', what)
    assert source != TOOLS
    run = resumes(written(source, {"Main": ("await Find('ink')", "await Return(1)")}))
    assert run.results["1000"] == [1]
