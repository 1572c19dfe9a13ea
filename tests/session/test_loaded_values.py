"""A variable that the code under way has read and still holds can't be changed by a fork, which says so; any other can.

Each form is played: a fork that changes a variable at the tool's checkpoint is refused just where the change would not
be seen.
"""

from __future__ import annotations

import pytest
from session.crashes import TEAM, Bench, Played

from playbooks import DebugSession
from playbooks.errors import UserError
from playbooks.session.loaded import Loaded
from playbooks.session.reach import Reach

PYTHON = """
    y = 1
    z = 1
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
    assert fork(bench, tool, name, 9).said[-1] != whole.said[-1]


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
