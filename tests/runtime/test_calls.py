"""Calls of playbooks: one's own, other agents', many at once, and what does not fit."""

from __future__ import annotations

import pytest
from runtime.written import Answer, Written, prompts, resumes, said, start, told, variables, written

from playbooks.runtime.runtime import RunSettings

SHOP = """
    # Seller
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Haggle($price, $limit=5, step=1 + 1)
    ### Steps
    - Haggle

    ## Deep($n)
    ### Steps
    - Go down

    # Buyer
    startup_mode: standby
    ```python
    budget = 70
    ```
    ## Live
    ### Triggers
    - When the program starts
    ### Steps
    - Live

    ## Offer($price)
    public: true
    ### Steps
    - Offer

    ## Secret
    ### Steps
    - Keep
"""


def shop(*turns: str, settings: RunSettings | None = None, **answers: Answer) -> Written:
    default: dict[str, Answer] = {
        "Seller.Main": turns,
        "Haggle": "await Return([price, limit, step])",
        "Live": "await Return(0)",
        "Offer": "$seen = price\nawait Return(min(price, $budget))",
        "Secret": "await Return('secret')",
    }
    return written(SHOP, default | answers, settings=settings)


# -- one's own -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-CALL")
@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("Haggle(90)", [90, 5, 2]),
        ("Haggle(90, 7)", [90, 7, 2]),
        ("Haggle(90, limit=7, step=0)", [90, 7, 0]),
        ("Haggle(price=90)", [90, 5, 2]),
        ("self.Haggle(90)", [90, 5, 2]),
        ("Haggle(*[90, 1], **{'step': 3})", [90, 1, 3]),
    ],
)
def test_arguments_come_by_position_by_name_and_by_default(call: str, given: list[int]) -> None:
    run = resumes(shop(f"x = await {call}\nawait Return(x)"))
    assert run.results["1000"] == [given]


@pytest.mark.rule("R-CALL")
@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("Haggle()", "Haggle: missing a required argument: 'price'; it takes price, limit, step"),
        ("Haggle(1, 2, 3, 4)", "Haggle: too many positional arguments; it takes price, limit, step"),
        ("Haggle(1, cost=2)", "Haggle: got an unexpected keyword argument 'cost'; it takes price, limit, step"),
    ],
)
def test_arguments_that_do_not_fit_are_an_error_that_says_what_would(call: str, why: str) -> None:
    run = resumes(shop(f"x = await {call}", "await Return(1)"))
    assert f"TypeError: {why}" in told(run)
    assert run.results["1000"] == [1]


def test_a_playbook_that_does_not_exist_is_an_unknown_name() -> None:
    run = start(shop("x = await Hagle(1)", "await Return(1)"))
    assert "NameError: name 'Hagle' is not defined" in told(run)


def test_what_a_playbook_does_to_its_arguments_does_not_reach_its_caller() -> None:
    run = resumes(
        shop(
            "mine = [1]\nx = await Haggle(mine)\nx[0].append(3)\ny = x[0]\nawait Return([mine, y])",
            Haggle="price.append(2)\nawait Return([price, price])",
        )
    )
    assert run.results["1000"] == [[[1], [1, 2, 3]]]


@pytest.mark.rule("R-CALL")
def test_the_result_is_told_to_the_caller() -> None:
    run = start(shop("x = await Haggle(90)", "await Return(x)"))
    assert "Haggle(90, 5, 2) returned [90, 5, 2]" in told(run)


def test_recursion_has_a_readable_cap() -> None:
    run = start(
        shop(
            "try:\n    await Deep(0)\nexcept RecursionError as e:\n    $why = str(e)\nawait Return($why)",
            Deep="x = await Deep(n + 1)\nawait Return(x)",
            settings=RunSettings(max_llm_calls=1000, max_failures=1),
        )
    )
    assert "nested deeper than 50" in str(run.results) + run.error


def test_playbooks_may_be_nested_as_deep_as_the_cap_says() -> None:
    run = start(
        shop(
            "x = await Deep(0)\nawait Return(x)",
            Deep="if n < 45:\n    x = await Deep(n + 1)\n    await Return(x)\nawait Return(n)",
            settings=RunSettings(max_llm_calls=1000),
        )
    )
    assert run.results["1000"] == [45]


# -- of others -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-AGENT")
@pytest.mark.parametrize("call", ["Buyer.Offer(price=90)", 'Buyer["agent 1001"].Offer(90)', 'Buyer["1001"].Offer(90)'])
def test_a_public_playbook_of_another_agent_runs_with_that_agents_variables(call: str) -> None:
    run = resumes(shop(f'await CreateAgent("Buyer")\nx = await {call}\nawait Return(x)'))
    assert run.results["1000"] == [70]
    assert variables(run, "1001") == {"budget": 70, "seen": 90}
    assert variables(run, "1000") == {}


def test_the_callee_is_told_who_calls() -> None:
    run = start(shop('await CreateAgent("Buyer")\nx = await Buyer.Offer(90)\nawait Return(x)'))
    assert "Carry out Offer(price=90), which Seller (agent 1000) asks for." in prompts(run, "Offer")[0]


def test_each_of_two_agents_is_called_by_its_id() -> None:
    run = resumes(
        shop(
            """
            a = await CreateAgent("Buyer", budget=10)
            b = await CreateAgent("Buyer", budget=20)
            x = await Buyer[a].Offer(90)
            y = await Buyer[b].Offer(90)
            await Return([x, y])
            """
        )
    )
    assert run.results["1000"] == [[10, 20]]


@pytest.mark.rule("R-AGENT")
@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("Buyer.Secret()", "Buyer has no public playbook Secret; public: Offer"),
        ("Buyer.Nothing()", "Buyer has no public playbook Nothing; public: Offer"),
        ('Buyer["agent 1000"].Offer(1)', "agent 1000 is no Buyer"),
        ('Buyer["agent 1009"].Offer(1)', "there is no agent 1009"),
    ],
)
def test_what_can_not_be_called_of_another_is_told_with_what_can(call: str, why: str) -> None:
    run = resumes(shop(f'await CreateAgent("Buyer")\nawait {call}', "await Return(1)"))
    assert why in told(run)
    assert run.results["1000"] == [1]


def test_a_class_without_an_agent_or_with_two_has_nothing_to_call() -> None:
    run = start(shop("await Buyer.Offer(1)", "await Return(1)"))
    assert 'there is no Buyer yet: make one with await CreateAgent("Buyer")' in told(run)
    run = start(shop('await CreateAgent("Buyer")\nawait CreateAgent("Buyer")\nawait Buyer.Offer(1)', "await Return(1)"))
    assert "Buyer is more than one: say which, agent 1001 or agent 1002" in told(run)


def test_an_agent_answers_calls_beside_what_it_does_itself() -> None:
    run = resumes(
        shop(
            'await CreateAgent("Buyer")\nx = await Buyer.Offer(90)\nawait Say("Buyer", "go on")\nawait Return(x)',
            Live='x = await Yld("Seller")\nawait Return(x)',
        )
    )
    assert run.results == {"1000": [70], "1001": ["go on"]}


def test_two_agents_may_call_one_another_in_turn() -> None:
    run = resumes(
        written(
            """
            # A
            ## Main
            ### Triggers
            - When the program starts
            ### Steps
            - Go
            ## Ping($n)
            public: true
            ### Steps
            - Go
            # B
            ## Pong($n)
            public: true
            ### Steps
            - Go
            """,
            {
                "Main": "x = await B.Pong(3)\nawait Return(x)",
                "Ping": "x = await B.Pong(n - 1)\nawait Return(x)",
                "Pong": "if n <= 0:\n    await Return('end')\nx = await A.Ping(n - 1)\nawait Return(x)",
            },
        )
    )
    assert run.results["1000"] == ["end"]


def test_an_error_in_another_agents_playbook_is_an_ordinary_error_here() -> None:
    run = resumes(
        shop(
            'await CreateAgent("Buyer")\ntry:\n    await Buyer.Offer(90)\nexcept Exception as e:\n    $why = str(e)',
            "await Return($why)",
            Offer="undefined",
        )
    )
    assert str(run.results["1000"][0]).startswith("Offer failed 3 times in a row and was given up")


def test_a_reference_to_an_agent_can_be_kept_and_passed_on() -> None:
    run = resumes(
        shop(
            """
            a = await CreateAgent("Buyer")
            ann, any = Buyer[a], Buyer
            await Say("user", f"{ann} {any}")
            x = await ann.Offer(90)
            y = await Haggle(ann)
            z = await any.Offer(3)
            await Say(ann, "bye")
            await Return([x, y, z])
            """,
            Haggle="x = await price.Offer(4)\nawait Return(x)",
        )
    )
    assert run.results["1000"] == [[70, 4, 3]]
    assert said(run) == ["agent 1001 Buyer", "bye"]


# -- at once ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-GATHER")
def test_several_calls_run_at_the_same_time_and_give_their_results_in_order() -> None:
    run = resumes(
        shop(
            """
            await CreateAgent("Buyer")
            a, b, c = await asyncio.gather(Haggle(1), Buyer.Offer(90), Haggle(3))
            await Return([a, b, c])
            """,
            Haggle='await Wait(40 - 10 * price)\nawait Say("user", str(price))\nawait Return(price)',
        )
    )
    assert run.results["1000"] == [[1, 70, 3]]
    assert said(run, "1000") == ["3", "1"]


def test_a_playbook_created_in_a_loop_of_calls_keeps_its_place() -> None:
    run = resumes(shop("$sum = 0\nfor n in range(3):\n    x = await Haggle(n)\n    $sum += x[0]\nawait Return($sum)"))
    assert run.results["1000"] == [3]


# -- agents ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-CREATE")
def test_what_createagent_is_given_becomes_the_new_agents_variables() -> None:
    run = resumes(
        shop(
            """
            mine = [1]
            await CreateAgent("Buyer", name="Ann", budget=9, list=mine)
            mine.append(2)
            await Return(mine)
            """
        )
    )
    assert variables(run, "1001") == {"budget": 9, "list": [1], "name": "Ann"}
    assert run.runtime.state.agent("1001").created_by == "1000"
    assert run.runtime.state.agent("1001").name == "Ann"


@pytest.mark.rule("R-CREATE")
@pytest.mark.parametrize(
    ("name", "why"),
    [("Byuer", "there is no agent class Byuer; there are: Seller, Buyer"), ("", "there is no agent class")],
)
def test_an_unknown_class_is_told_with_those_there_are(name: str, why: str) -> None:
    run = start(shop(f'await CreateAgent("{name}")', "await Return(1)"))
    assert why in told(run)
    assert list(run.runtime.state.agents) == ["human", "1000"]


def test_data_of_a_python_block_is_each_agents_own() -> None:
    run = resumes(
        shop(
            """
            a = await CreateAgent("Buyer")
            b = await CreateAgent("Buyer")
            await Buyer[a].Offer(50)
            await Return(1)
            """,
            Offer="$budget -= price\nawait Return(0)",
        )
    )
    assert variables(run, "1001")["budget"] == 20
    assert variables(run, "1002")["budget"] == 70


# -- defaults ----------------------------------------------------------------------------------------------------------

DEFAULTS = """
    # Seller
    ```python
    most = 5
    def twice(n):
        return 2 * n

    @playbook
    async def Top(n=most, kept=[]):
        kept.append(n)
        return kept

    @playbook
    async def Many(*rest, unit="kg", **options):
        return [rest, unit, options]

    @playbook
    def Placed(item, /, count=twice(2)):
        return [item, count]
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Haggle($price, $limit=$most + 1, $step=twice(most), $seen=[])
    ### Steps
    - Haggle

    # Buyer
    ```python
    most = 7
    ```
    ## Offer($price=$most)
    public: true
    ### Steps
    - Offer
"""


def test_a_default_names_what_the_called_agent_has_as_its_playbook_begins() -> None:
    code = "first = await Haggle(1)\n$most = 9\nawait Return([first, await Haggle(2), await Buyer.Offer()])"
    answers: dict[str, Answer] = {
        "Seller.Main": code,
        "Haggle": "seen.append(price)\n$most = 100\nawait Return([limit, step, seen])",
        "Offer": "await Return(price)",
    }
    run = resumes(written(DEFAULTS, answers))
    assert run.results["1000"] == [[[6, 10, [1]], [10, 18, [2]], 7]]


def test_a_default_that_fails_is_an_error_of_the_call() -> None:
    broken = DEFAULTS.replace("$most + 1", "$least + 1")
    run = resumes(written(broken, {"Seller.Main": ("await Haggle(1)", "await Return(1)"), "Haggle": "1"}))
    assert run.results["1000"] == [1]
    assert "NameError: name '$least' is not defined" in told(run)


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("Top()", [5]),
        ("Top(1)", [1]),
        ("Many()", [[], "kg", []]),
        ("Many(1, 2, unit='g', z=3)", [[1, 2], "g", [("z", 3)]]),
        ("Placed('pen')", ["pen", 4]),
        ("Placed('pen', count=1)", ["pen", 1]),
    ],
)
def test_a_python_playbook_takes_its_arguments_as_python_does(call: str, result: object) -> None:
    run = resumes(
        written(DEFAULTS, {"Seller.Main": f"$most = 9\nfirst = await {call}\nawait Return([first, await {call}])"})
    )
    assert run.results["1000"] == [[result, result]]


def test_an_argument_a_python_playbook_does_not_take_is_told_with_those_it_takes() -> None:
    run = resumes(written(DEFAULTS, {"Seller.Main": ("await Placed(item=1)", "await Return(1)")}))
    assert "Placed: " in told(run) and "it takes item, count" in told(run)
