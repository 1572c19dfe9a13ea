"""Python of the program and of the model: playbooks, helpers, classes, data, `self`."""

from __future__ import annotations

import pytest
from runtime.scenario import check
from runtime.written import Answer, Written, main, outputs, resumes, said, start, told, variables, written

from playbooks.errors import UserError

TOOLS = """
    # Clerk
    ```python
    import dataclasses
    import random
    import time

    stock = {"pen": 3}
    log: list[str] = []
    RATE = 2

    @dataclasses.dataclass
    class Order:
        what: str
        count: int = 1

        def total(self):
            return self.count * price_of(self.what)

    def price_of(what):
        return RATE * len(what)

    @playbook
    def double(n):
        "A sync one."
        return n * 2

    @playbook
    def quadruple(n):
        return double(double(n))

    @playbook(public=True)
    async def order(what, count=1):
        log.append(what)
        stock[what] = stock.get(what, 0) - count
        return Order(what, count)

    @playbook
    async def both(n):
        a = await double(n)
        b = double(n)
        c = await Helper(n)
        return [a, await b, c]

    @playbook
    async def plain_sync(n):
        return plain(n)

    def plain(n):
        return double(n) + 1

    @playbook
    async def dice(n):
        return [random.randint(1, 6) for _ in range(n)] + [time.time() > 0]

    @playbook
    async def talks(what):
        await Say("user", what)
        answer = await Yld("user")
        await Say("user", f"{answer}?")
        return answer

    @playbook
    async def returns(n):
        for k in range(9):
            if k == n:
                await Return(k)
        return "none"

    @playbook
    async def stored(name):
        self.state.seen = name
        return self.state.seen + str(self.state.stock["pen"])
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Helper($n)
    ### Steps
    - Help
"""


def clerk(*turns: str, person: tuple[str, ...] = (), **answers: Answer) -> Written:
    return written(TOOLS, {"Main": turns, "Helper": "await Return(n + 100)", **answers}, person=person)


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("x = await double(4)", 8),
        ("x = await quadruple(4)", 16),
        ("x = await both(1)", [2, 2, 101]),
        ("x = await plain_sync(2)", 5),
        ("x = plain(2)", 5),
        ("x = price_of('pen')", 6),
        ("x = (await order('pen', 2)).total()", 12),
        ("x = Order('ink').total()", 6),
        ("x = await returns(3)", 3),
        ("x = [await double(n) for n in range(3)]", [0, 2, 4]),
        ("x = await stored('a')", "a3"),
        ("x = sum(await asyncio.gather(double(1), double(2)))", 6),
    ],
)
def test_python_of_the_program_does_what_it_says_wherever_it_is_called(code: str, result: object) -> None:
    run = resumes(clerk(f"{code}\nawait Return(x)"))
    assert run.results["1000"] == [result]


def test_a_sync_playbook_called_without_await_by_model_code_is_an_error_that_says_so() -> None:
    run = resumes(clerk("double(4)", "await Return(1)"))
    assert "double: called, never awaited; write await double(…)" in told(run)


@pytest.mark.parametrize(
    "code",
    ["if double(4): $x = 1", "x = double(4) + 1", "x = double(4)[0]", "x = list(double(4))", "x = 1 in double(4)"],
)
def test_the_result_of_a_call_that_was_not_awaited_is_not_there_to_be_used(code: str) -> None:
    run = resumes(clerk(code, "await Return(1)"))
    assert "NeverAwaited: double: called, never awaited; write await double(…)" in told(run)
    assert "x" not in variables(run)


def test_data_at_the_top_of_a_block_is_the_agents_state() -> None:
    run = resumes(clerk("await order('pen')\n$stock['ink'] = 7\nawait order('cup')\nawait Return([stock, $log])"))
    assert run.results["1000"] == [[[("pen", 2), ("ink", 7), ("cup", -1)], ["pen", "cup"]]]
    assert variables(run) == {
        "RATE": 2,
        "log": ["pen", "cup"],
        "stock": {"pen": 2, "ink": 7, "cup": -1},
    }


def test_a_dollar_at_the_top_of_a_block_names_the_agents_data_as_in_a_playbook() -> None:
    source = """
    # Clerk
    ```python
    $total = 3
    $kept = [$total + 1, total]
    $kept.append(5)
    gone = 1
    del $gone
    def total_of(n):
        return $total + n
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
    """
    code = "$total = 10\nawait Return([$total, $kept, total_of(1), 'gone' in globals()])"
    run = resumes(written(source, {"Main": code}))
    assert run.results["1000"] == [[10, [4, 3, 5], 11, False]]
    assert variables(run) == {"kept": [4, 3, 5], "total": 10}


def test_an_unset_dollar_at_the_top_of_a_block_is_told_with_its_line() -> None:
    source = TOOLS.replace("stock = {", "few = $stok\n    stock = {")
    with pytest.raises(UserError, match=r"NameError: name '\$stok' is not defined"):
        start(written(source, {"Main": "1"}))


def test_a_python_playbook_talks_to_the_person_and_goes_on_where_it_was() -> None:
    run = resumes(clerk("x = await talks('name?')\nawait Return(x)", person=("Ann",)))
    assert said(run) == ["name?", "Ann", "Ann?"]
    assert run.results["1000"] == ["Ann"]


def test_chance_and_clock_in_a_python_playbook_are_the_same_after_a_resume() -> None:
    scenario = clerk("x = await dice(20)\nawait Say('user', str(x))\nawait Return(x)")
    run = start(scenario)
    from runtime.scenario import resume

    for header in run.headers[2:-1]:
        assert resume(run, header.id).results == run.results


def test_functions_and_classes_the_model_defines_last_as_long_as_its_playbook() -> None:
    run = resumes(
        main(
            """
            class Point:
                def __init__(self, x):
                    self.x = x
                def moved(self, by=1):
                    return Point(self.x + by)

            def twice(f, n=2):
                return lambda v: f(f(v)) * n
            """,
            """
            add = twice(lambda v: v + 1)
            p = Point(3)
            await Say("user", str(add(1)))
            """,
            "await Return([add(2), p.moved().x, twice.__name__])",
        )
    )
    assert run.results["1000"] == [[8, 4, "twice"]]
    assert said(run) == ["6"]


def test_a_helper_of_the_model_may_speak_and_call_and_keep_variables() -> None:
    run = resumes(
        clerk(
            """
            $count = 0
            async def ask(n):
                $count += 1
                await Say("user", f"{n} {$count}")
                return await Helper(n)
            found = [await ask(n) for n in (1, 2)]
            await Return([found, $count])
            """
        )
    )
    assert run.results["1000"] == [[[101, 102], 2]]
    assert said(run) == ["1 1", "2 2"]


@pytest.mark.rule("R-NAMES")
def test_a_name_of_the_engines_that_a_program_takes_is_its_own_from_there_on() -> None:
    run = resumes(main("import math, json\nlen = 5\n$sum = len + 1\nawait Return([len, $sum, math.floor(2.5)])"))
    assert run.results["1000"] == [[5, 6, 2]]


@pytest.mark.rule("R-NAMES")
def test_print_talks_to_nobody() -> None:
    run = resumes(main("print('to nobody')\nawait Return(1)"))
    assert said(run) == []
    assert outputs(run) == ["to nobody"]


@pytest.mark.rule("R-NAMES")
def test_input_is_refused_with_what_to_write_instead() -> None:
    run = start(main("x = input('name?')", "await Return(1)"))
    assert 'await Yld("user")' in told(run)
    assert run.results["1000"] == [1]


@pytest.mark.parametrize(
    "kept",
    [
        "f = Say\nawait Wait(1)\nawait f('user', 'x')\nx = 1",
        "f = Helper\nawait Wait(1)\nx = await f(1)",
        "f = double\nawait Wait(1)\nx = await f(1)",
        "f = price_of\nawait Wait(1)\nx = f('a')",
        "f = self\nawait Wait(1)\nx = await f.Helper(1)",
        "f = self.state\nf.n = 1\nawait Wait(1)\nf.n += 1\nx = $n",
        "f = asyncio.gather\nawait Wait(1)\nx = await f(Helper(1))",
        "f = print\nawait Wait(1)\nf('x')\nx = 1",
        "f = {'say': [Say, len]}\nawait Wait(1)\nx = f['say'][1]('abc')",
        "from datetime import datetime, date\nawait Wait(1)\nx = datetime(2024, 1, 1).year",
        "import datetime\nf = datetime.datetime.now\nawait Wait(1)\nx = f() > datetime.datetime(2024, 1, 1)",
        "from random import randint as f\nawait Wait(1)\nx = f(1, 1)",
        "f = asyncio.sleep\nawait Wait(1)\nx = await f(0, 5)",
        "from time import time as f\nimport uuid\nawait Wait(1)\nx = [f() > 1, len(str(uuid.uuid4()))]",
        "import json, random\nf = [json.dumps, random.choice]\nawait Wait(1)\nx = f[0]([1])",
    ],
)
def test_what_the_engine_and_the_program_offer_can_be_kept_in_a_variable(kept: str) -> None:
    run = resumes(clerk(f"{kept}\nawait Wait(2)\nawait Return(x)"))
    assert run.ended == "finished"
    assert not any(header.degraded for header in run.headers)


@pytest.mark.parametrize(
    "code",
    [
        "$q = asyncio.Queue()\nawait Wait(1)\nawait $q.put(1)",
        "q = asyncio.Queue()\nawait plain_sync(q)",
        "$lock = asyncio.Lock()\nawait Wait(1)\nasync with $lock:\n    await Wait(1)",
    ],
)
def test_a_queue_or_lock_of_which_several_would_each_hold_a_copy_is_refused(code: str) -> None:
    scenario = clerk(code, "await Return('told')")
    run = start(scenario)
    _, wrong, _ = check(scenario)
    assert run.results["1000"] == ["told"] and not wrong, wrong[:1]
    assert "it is for the tasks of one call, and no agent's variable" in told(run)


def test_the_use_of_what_could_not_be_stored_is_the_same_error_when_it_is_replayed() -> None:
    code = (
        "q = asyncio.Queue()\ntry:\n    await plain_sync(q)\nexcept Exception as error:\n"
        "    await Say('user', type(error).__name__)\n    await Say('user', str(error))\nawait Return(1)"
    )
    scenario = clerk(code)
    run = start(scenario)
    _, wrong, _ = check(scenario)
    assert said(run)[0] == "Unstorable" and not wrong, wrong[:1]


LEAVES = """
    # Clerk
    ```python
    import sys

    @playbook
    async def leaves():
        sys.exit(3)
    ```
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
"""


def test_the_exit_of_a_tool_is_the_same_error_when_it_is_replayed() -> None:
    code = (
        "try:\n    await leaves()\nexcept Exception as error:\n"
        "    await Say('user', type(error).__name__)\n    await Say('user', str(error))\nawait Return(1)"
    )
    run = resumes(written(LEAVES, {"Main": code}))
    assert said(run) == ["ExitRaised", "SystemExit: 3; a program is ended by await EndProgram()"]


EXTENDS = """
import datetime, random
class Day(datetime.date):
    def next(self): return self + datetime.timedelta(1)
class Moment(datetime.datetime): pass
class Dice(random.Random):
    def roll(self): return self.randint(1, 6)
day, now, dice = Day(2024, 2, 28), Moment.now(datetime.UTC), Dice(3)
own = [day.next().day, isinstance(day, Day), isinstance(datetime.date(2024, 1, 1), Day), type(Day.today()) is Day]
own += [type(now) is Moment, now.tzinfo is datetime.UTC, isinstance(now, datetime.datetime)]
await Return([*own, dice.roll() == random.Random(3).randint(1, 6), Dice().roll() < 7, isinstance(dice, random.Random)])
"""


def test_a_program_may_extend_a_class_that_stands_for_a_modules_own() -> None:
    run = start(clerk(EXTENDS))
    assert run.results["1000"] == [[29, True, False, True, True, True, True, True, True, True]]


# -- self ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("await self.Say('user', 'x')\nx = 1", 1),
        ("self.state.n = 5\nx = $n", 5),
        ("$n = 5\nx = self.state.n", 5),
        ("self.state.stock['pen'] += 1\nx = $stock['pen']", 4),
        ("x = await self.Helper(1)", 101),
        ("x = await self.double(2)", 4),
        ("x = self.id", "agent 1000"),
        ("self.state.n = 1\nself.state.n += await self.double(2)\nx = $n", 5),
    ],
)
def test_self_is_the_agent(code: str, result: object) -> None:
    run = resumes(clerk(f"{code}\nawait Return(x)"))
    assert run.results["1000"] == [result]


def test_what_self_has_not_is_an_error_that_says_where_variables_are() -> None:
    run = start(clerk("self.price", "await Return(1)"))
    assert "this agent has no price; its variables are in self.state" in told(run)


@pytest.mark.rule("R-VAR")
def test_a_bare_name_the_call_has_not_set_means_the_agents() -> None:
    run = resumes(clerk("RATE = 3\ntotal = RATE\nawait Return([total, $RATE, price_of('a')])"))
    assert run.results["1000"] == [[3, 3, 3]]
    assert variables(run)["RATE"] == 3


@pytest.mark.rule("R-VAR")
def test_a_calls_own_names_are_gone_when_it_returns_and_the_agents_last() -> None:
    run = resumes(
        clerk(
            "await Helper(1)\nawait Return([$kept, 'own' in dir()])",
            Helper="own = 1\n$kept = own + 1\nn = 9\nawait Return(n)",
        )
    )
    assert variables(run)["kept"] == 2
    assert "own" not in variables(run)


@pytest.mark.rule("R-VAR")
def test_var_sets_an_agents_variable() -> None:
    run = resumes(main('await Var("$price", 90)\nawait Var("n", $price + 1)\nawait Return([$price, $n])'))
    assert run.results["1000"] == [[90, 91]]
    assert variables(run) == {"n": 91, "price": 90}


def test_an_unset_variable_is_told_by_its_name() -> None:
    run = start(main("x = $prise", "await Return(1)"))
    assert "NameError: name '$prise' is not defined" in told(run)
