"""A variable that the code under way has read and still holds, or sets next, can't be changed by a fork, which says so;
any other can.

Each form is played: a fork that changes a variable at the tool's checkpoint is refused just where the change would not
be seen.
"""

from __future__ import annotations

import pytest
from session.crashes import MAIN, TEAM, Bench, Played

from playbooks import DebugSession
from playbooks.errors import UserError
from playbooks.session.loaded import Loaded
from playbooks.session.reach import Reach

PYTHON = """
    y = 1
    z = 1
    l = [1, 2, 3]
    def once():
        return y
    @playbook
    async def tool(n: int) -> int:
        return n

    @playbook
    async def within() -> int:
        return z + await tool(2) + y
"""


def play(statement: str) -> tuple[Bench, Played]:
    bench = Bench({"Main": f"x = 5\n{statement}\nawait Say('user', f'{{[r]}}')\nawait EndProgram()\n"}, python=PYTHON)
    return bench, bench.play()


def fork(bench: Bench, checkpoint: str, name: str, value: object) -> Played:
    async def begin(session: DebugSession) -> None:
        await session.fork(checkpoint, set={name: value})

    return bench.play(resume="s1", begin=begin)


READ_BEFORE = [
    ("r = x + await tool(2)", "x"),
    ("r = [x, await tool(2)]", "x"),
    ('r = f"{x}{await tool(2)}"', "x"),
    ("r = {x: await tool(2)}", "x"),
    ("r = max(x, await tool(2))", "x"),
    ("r = dict(a=x, b=await tool(2))", "x"),
    ("r = x < await tool(2)", "x"),
    ("r = (x + 1) * (1 + await tool(2))", "x"),
    ("r = [await tool(k) for k in range(x)]", "x"),
    ("r = [await tool(k) + j for k in range(x) for j in range(2)]", "x"),
    ("r = 0\nfor k in range(x):\n    r += 0 * await tool(2) + 1", "x"),
    ("async def late():\n    return await tool(2)\nr = x + await late()", "x"),
    ("async def late():\n    return x + await tool(2)\nr = await late()", "x"),
    ("r = [x]\nr.append(x + await tool(2))", "x"),
    ("r = []\nq = [r]\nr.append(await tool(2))\nr = q", "r"),
    ("r = $y + await tool(2)", "$y"),
    ("r = y + await tool(2)", "$y"),
    ("r = self.state.y + await tool(2)", "$y"),
    ("r = await within()", "$z"),
    ("import asyncio\nt = asyncio.create_task(asyncio.sleep(9))\nr = x + await tool(2)\nt.cancel()", "x"),
    ("r = {x: await tool(2) for k in [1]}", "x"),
    ("import contextlib\nwith contextlib.nullcontext(x) as m:\n    r = await tool(2) + m", "x"),
    ("if True:\n    c = tool(2)\n    r = x + await c", "x"),
    ("import asyncio\nt = asyncio.create_task(tool(2))\nr = x + await t", "x"),
    ("import asyncio\nc = [tool(2), tool(3)]\nr = [x, await asyncio.gather(*c)]", "x"),
    ("def early():\n    return x\nr = early() + await tool(2)", "x"),
    ("r = once() + await tool(2)", "$y"),
    ("r = sorted([3, 1], key=lambda k: k * x)[0] + await tool(2)", "x"),
    ("match x:\n    case n if await tool(2) > 5:\n        r = 0\n    case n:\n        r = n", "x"),
    ("n = 1\nmatch x:\n    case n if n + await tool(2) > 6:\n        r = 1\n    case _:\n        r = 0", "n"),
    ("match x, await tool(2):\n    case n, m:\n        r = n", "x"),
    (
        "for _ in [0]:\n    match $y:\n        case 1 if await tool(2) > 5:\n"
        "            r = 0\n        case n:\n            r = n",
        "$y",
    ),
    ("d = {}\nd[await tool(2)] = x\nr = d", "x"),
    ("d = {}\nd[await tool(2)]: int = x\nr = d", "x"),
    ("d = {}\nfor d[await tool(2)] in [x]:\n    pass\nr = d", "x"),
    ("import contextlib\nd = {}\nwith contextlib.nullcontext(x) as d[await tool(2)]:\n    r = d", "x"),
    ("d = {5: 1}\nd[x] += await tool(2)\nr = d", "x"),
    ("r = 1 < x < await tool(2) + 4", "x"),
    ("r = max(*[x], await tool(2))", "x"),
    ("r = f'{x:{await tool(2)}}'", "x"),
    ("r = [1, 2, 3, 4][x - 5 : await tool(2)]", "x"),
    ("def f(a=x, b=await tool(2)):\n    return a\nr = f()", "x"),
    ("def f(*, a=x, b=await tool(2)):\n    return a\nr = f()", "x"),
    ("def f(a: x, b: await tool(2)):\n    pass\nr = f.__annotations__", "x"),
    ("def by(v):\n    return lambda g: v\n@by(x)\ndef r(a=await tool(2)):\n    pass", "x"),
    ("r = (lambda a=x, b=await tool(2): a)()", "x"),
    ("r = (lambda a=x: a, await tool(2))[0]()", "x"),
    ("def b(n):\n    return type('B', (), {'n': n})\nclass C(b(x), b(await tool(2))):\n    pass\nr = C.n", "x"),
    ("a = 1\nr = (a := x) + await tool(2)", "a"),
    ("r = x + (await tool(2) if x else 0)", "x"),
    (
        "try:\n    raise ValueError(x) from ValueError(await tool(2))\nexcept ValueError as error:\n    r = error.args",
        "x",
    ),
    ("async def late():\n    try:\n        return x\n    finally:\n        await tool(2)\nr = await late()", "x"),
    ("async def late(n):\n    return await tool(2) + n\nr = await late(n=x)", "x"),
    ("import functools\nasync def late(n):\n    return await tool(2) + n\nr = await functools.partial(late, x)()", "x"),
    ("r = [k for k in range(x) if await tool(2)]", "x"),
    ("class Box:\n    def __init__(self):\n        self.n = x\nr = Box().n + await tool(2)", "x"),
    ("class Box:\n    async def n(self):\n        return x + await tool(2)\nr = await Box().n()", "x"),
    (
        "async def items(n):\n    for k in range(n):\n        yield k\n"
        "r = [k async for k in items(x) if await tool(2)]",
        "x",
    ),
]
READ_AFTER = [
    ("r = await tool(2) + x", "x"),
    ("r = [await tool(2), x]", "x"),
    ("r = {}\nr[x] = await tool(2)", "x"),
    ("r = {await tool(2): x}", "x"),
    ("r = await tool(x)\nr += x", "x"),
    ("r = [k + x for k in [await tool(2)]]", "x"),
    ("r = x if await tool(2) else 0", "x"),
    ("r = 0\nwhile r < x:\n    r += 1 + 0 * await tool(2)", "x"),
    ("async def late():\n    return await tool(2) + x\nr = await late()", "x"),
    ("r = await tool(2)\nr = x", "x"),
    ("async def late(x):\n    return x + await tool(2)\nr = await late(1) + x", "x"),
    ("import asyncio\nr = [*await asyncio.gather(tool(x), within()), x]", "x"),
    ("r = x > 1 and await tool(2) + x", "x"),
    ("import asyncio\nt = asyncio.create_task(asyncio.sleep(x))\nr = await tool(2) + x\nt.cancel()", "x"),
    ("r = await tool(2) + $y", "$y"),
    ("r = await within()", "$y"),
    ("r = {await tool(2): x for k in [1]}", "x"),
    ("import asyncio\nt = asyncio.create_task(tool(2))\nr = await t + x", "x"),
    ("import asyncio\nr = await asyncio.gather(tool(2))\nr = [x, await asyncio.gather(*r and [tool(3)])]", "x"),
    ("def late():\n    return x\nr = await tool(2) + late()", "x"),
    ("def shadows(x):\n    return x\nr = shadows(1) + await tool(2) + x", "x"),
    ("import contextlib\nwith contextlib.nullcontext(await tool(2)) as m:\n    r = m + x", "x"),
    ("match [x]:\n    case [n]:\n        r = await tool(2) + x", "x"),
    ("r = 1\nr = await tool(2) + r", "r"),
    ("a = 1\nr = (a := await tool(2) + a)", "a"),
    ("match await tool(2):\n    case 2 if x > 5:\n        r = 0\n    case _:\n        r = 1", "x"),
    ("d = {}\nd[x] = e = await tool(2)\nr = d", "x"),
    ("d = {}\ne = d[await tool(2)] = x\nr = e", "e"),
    ("r = 0 < await tool(2) < x - 4", "x"),
    ("def f(a=await tool(2), b=x):\n    return b\nr = f()", "x"),
    ("def f(b=await tool(2)):\n    return x\nr = f()", "x"),
    ("a = 1\nr = (a := x) and await tool(2) + a", "a"),
    (
        "async def late():\n    for _ in [1]:\n        pass\n    else:\n"
        "        return await tool(2) + x\nr = await late()",
        "x",
    ),
    (
        "async def late():\n    try:\n        pass\n    finally:\n"
        "        await tool(2)\n    return x\nr = await late()",
        "x",
    ),
    ("k = 7\nr = [k + await tool(2) for k in [1]] + [k]", "k"),
    ("k = 7\nr = [k for k in [1]] + [await tool(2), k]", "k"),
    ("r = [k for k in [1] if x < 9 and await tool(2) and x < 9]", "x"),
    ("$y += await tool(2)\nr = $y", "$y"),
    ("self.state.y += await tool(2)\nr = $y", "$y"),
    ("r = [$l.append(await tool(2)), $l]", "$l"),
    ("d = {5: 1, 2: 2, 9: 3}\ndel d[await tool(2)], d[x]\nr = d", "x"),
    ("class Box:\n    async def n(self):\n        return await tool(2) + x\nr = await Box().n()", "x"),
    ("async def a(n):\n    return await tool(2) + n\nr = await a(1) + x", "x"),
    ("try:\n    assert await tool(2) > 9, x\nexcept AssertionError as error:\n    r = error.args", "x"),
]
SET_NEXT = [
    ("r = await tool(2)", "r"),
    ("r = a = await tool(2)\nr = a", "a"),
    ("a, r = 1, await tool(2)", "r"),
    ("r: int = await tool(2)", "r"),
    ("r = 1\nr += await tool(2)", "r"),
    ("r = [a := await tool(2), a]", "a"),
    ("for k in [await tool(2)]:\n    r = k", "k"),
    ("import contextlib\nwith contextlib.nullcontext(await tool(2)) as m:\n    r = m", "m"),
    ("m = 0\nmatch [await tool(2), 3]:\n    case [n, *m]:\n        r = m", "m"),
    ("m = 0\nmatch {'a': await tool(2)}:\n    case {**m}:\n        r = m", "m"),
    ("f = 1\ndef f(b=await tool(2)):\n    return b\nr = f()", "f"),
    ("def base(n):\n    return object\nC = 1\nclass C(base(await tool(2))):\n    pass\nr = C.__name__", "C"),
    ("async def late():\n    return await tool(2)\nr = 1\nr = await late()", "r"),
    ("$z = await tool(2)\nr = $z", "$z"),
]


@pytest.mark.parametrize(("statement", "name"), READ_BEFORE)
def test_an_edit_of_what_the_statement_has_read_is_refused_and_would_not_be_seen(
    statement: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, whole = play(statement)
    tool = next(header.id for header in whole.headers if header.kind == "tool")
    edited: object = [9] if name == "r" else 9
    with pytest.raises(UserError) as refused:
        fork(bench, tool, name, edited)
    assert "has read it already" in str(refused.value)
    monkeypatch.setattr(Reach, "holder", lambda *_: "")
    assert fork(bench, tool, name, edited).said[-1] == whole.said[-1]


@pytest.mark.parametrize(("statement", "name"), READ_AFTER)
def test_an_edit_of_what_the_statement_will_still_read_is_made_and_seen(statement: str, name: str) -> None:
    bench, whole = play(statement)
    tool = next(header.id for header in whole.headers if header.kind == "tool")
    assert fork(bench, tool, name, [9] if name == "$l" else 9).said[-1] != whole.said[-1]


@pytest.mark.parametrize(("statement", "name"), SET_NEXT)
def test_an_edit_of_what_the_statement_sets_next_is_refused_and_would_not_be_seen(
    statement: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, whole = play("r = k = m = a = 0\n" * ("= 0" not in statement) + statement)
    tool = next(header.id for header in whole.headers if header.kind == "tool")
    with pytest.raises(UserError, match=r"line \d+ sets it next"):
        fork(bench, tool, name, 9)
    monkeypatch.setattr(Reach, "setter", lambda *_: "")
    monkeypatch.setattr(Reach, "holder", lambda *_: "")
    assert fork(bench, tool, name, 9).said[-1] == whole.said[-1]


def test_what_a_caller_sets_when_its_call_returns_is_refused_and_what_it_will_read_is_not() -> None:
    main = "r = x = 5\nr = await Sub()\nawait Say('user', f'{[r, x]}')\nawait EndProgram()\n"
    bench = Bench(
        {"Main": main, "Sub": "await Return(await tool(2))\n"}, f"{MAIN}    ## Sub\n    - Go\n", python=PYTHON
    )
    whole = bench.play()
    tool = next(header.id for header in whole.headers if header.kind == "tool")
    with pytest.raises(UserError, match="r: line 2 of Main sets it next"):
        fork(bench, tool, "r", 9)
    assert fork(bench, tool, "x", 9).said[-1] == "[2, 9]"


def test_another_agent_that_waits_is_refused_what_it_holds_and_given_what_it_will_read() -> None:
    lead = """
    await Yld("Worker")
    await Say("Worker", "2")
    await Say("user", await Yld("Worker"))
    await EndProgram()
    """
    worker = """
    await Say("Lead", "ready")
    said = $w * int(await Yld("Lead")) + $v
    await Say("Lead", f"{said}")
    await Return()
    """
    bench = Bench({"Main": lead, "Work": worker}, TEAM, python="w = v = 1")
    whole = bench.play()
    asked = next(header.id for header in whole.headers if header.kind == "say" and header.peer == "1001")
    with pytest.raises(UserError, match="w: line 2 of Work has read it already"):
        fork(bench, asked, "1001.$w", 9)
    assert fork(bench, asked, "1001.$v", 9).said[-1] == "11"


def test_what_a_statement_sets_next_is_refused_also_after_one_that_keeps_a_task() -> None:
    bench, whole = play("import asyncio\nt = asyncio.create_task(asyncio.sleep(9))\nr = await tool(2)\nt.cancel()")
    tool = next(header.id for header in whole.headers if header.kind == "tool")
    with pytest.raises(UserError, match="r: line 4 sets it next"):
        fork(bench, tool, "r", 9)


def test_a_call_that_is_made_anew_is_made_with_what_was_read_for_it() -> None:
    say = Loaded('await Say("user", f"{price}")')
    assert say.while_in("Say", 1, taken=False) == {"Say": 1, "price": 1}
    assert say.while_in("Say", 1, taken=True) == {}


def test_functions_that_call_one_another_many_times_are_each_looked_at_once() -> None:
    functions = [f"async def f{n}():\n    return await f{n + 1}() + await f{n + 1}()" for n in range(40)]
    plain = [f"def g{n}():\n    return g{n + 1}() + g{n + 1}()" for n in range(40)]
    deep = Loaded("r = x + g0() + await f0()", [*functions, *plain, "def g40():\n    return y"])
    assert {"x", "y"} <= deep.while_in("f40", taken=True).keys()
