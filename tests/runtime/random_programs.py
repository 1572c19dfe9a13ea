"""Random programs from one source of chance, made of everything that a resume must get right.

Apart from the test that runs them, so that a seed gives the same program to the test, to the long fuzz and to whoever
looks for the cause of a failure: `python random_programs.py SEED` prints one.

A program is `Main` of the first agent and the playbooks `P1` and `P2` below it, model-written; `py` and `fails` in Python;
and, when agents talk, `Peer`, which the second agent begins with and every agent that is made at run time.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from runtime.scenario import Part, Scenario

Chance = Callable[[int], int]
"""Gives a number from 0 to below its argument. Not `random.Random`, so that a test that shrinks can give them too."""

FEATURES = (
    "nested playbook", "loop", "loop by turns", "gather", "wait_for", "timeout", "task group", "failing group", "exception",
    "mistake", "Python frame", "agent state", "cross-agent call", "message", "person", "new agent", "alias", "mutation",
    "not storable", "function", "class", "clock and chance", "artifact", "kept call", "kept task", "async generator", "lock",
    "several turns", "exit", "step",
)  # fmt: skip

_STATE = "total = 0\nseen = []\nbag = {'a', 'b', 'c'}\n"
"""Every agent's variables at the start: data at the top of a Python block."""

_PY = f"""\
async def py(a):
    first = await Wait(2, 5)
    $total += first
    for n in range(2):
        $seen.append(await Wait(n, a))
    try:
        await fails(a)
    except ValueError as error:
        $seen.append(str(error))
    return [first, *await asyncio.gather(Wait(3, 1), Wait(1, 2))]

{_STATE}"""

_FAILS = """\
async def fails(n):
    await Wait(1)
    raise ValueError(n)
"""


@dataclass(frozen=True)
class RandomProgram:
    """A scenario, and what is in the part of it that can be reached."""

    scenario: Scenario
    features: frozenset[str]

    def __str__(self) -> str:
        scenario = self.scenario
        text = [f"# begins {', '.join(scenario.begins)}; chunks of {scenario.chunk}"]
        for name, part in scenario.parts.items():
            for turn, source in enumerate(part.turns or [part.python]):
                text.append(f"## {name}({', '.join(part.parameters)}) turn {turn}\n{source}")
        return "\n".join(text)


def random_program(chance: Chance, size: int = 3) -> RandomProgram:
    """A program.

    Args:
        chance: What decides.
        size: About how many features `Main` gets.
    """
    return _Writer(chance).program(size)


def seeded_program(seed: int, size: int = 3) -> RandomProgram:
    """The program of a seed."""
    return random_program(random.Random(seed).randrange, size)


_Choice = TypeVar("_Choice")


class _Writer:
    """Writes one program. Methods that give code write for the playbook `self._name`, at depth `self._depth`."""

    def __init__(self, chance: Chance) -> None:
        self._below = chance
        self._name, self._depth = "Main", 0
        self._features: dict[str, set[str]] = {}
        self._calls: dict[str, set[str]] = {}
        self._talks = self._odds(45)
        self._names = 0

    # -- the whole -----------------------------------------------------------------------------------------------------------

    def program(self, size: int) -> RandomProgram:
        parts = {"Main": Part(turns=tuple(self._main(size)))}
        for depth in (1, 2):
            self._name, self._depth = f"P{depth}", depth
            parts[self._name] = Part(("a",), tuple(self._playbook(depth)))
        parts["py"], parts["fails"] = Part(python=_PY), Part(python=_FAILS)
        if self._talks:
            self._name, self._depth = "Peer", 1
            parts["Peer"] = Part(turns=(self._peer(),))
        self._features["py"], self._calls["py"] = {"Python frame", "agent state", "gather", "exception"}, set()
        reached = {"Main", *(["Peer"] if self._talks else [])}
        while more := set().union(*(self._calls.get(name, set()) for name in reached)) - reached:
            reached |= more
        features = frozenset().union(*(self._features.get(name, set()) for name in reached))
        scenario = Scenario(
            parts,
            ("Main", "Peer") if self._talks else ("Main",),
            tuple(f"answer {n}" for n in range(40)),
            self._one_of((1, 5, 7, 40, 1000)),
        )
        return RandomProgram(scenario, features)

    def _main(self, size: int) -> Sequence[str]:
        blocks = [self._block() for _ in range(max(1, size - 1 + self._below(3)))]
        last = ["await Say('agent 1001', 'end')"] if self._talks else []
        if self._odds(15):
            self._use("exit")
            last.append("await Yld('exit')")
        else:
            last.append("await Return([v, sorted($bag)])")
        start = "v = []"
        cut = 1 + self._below(len(blocks)) if self._odds(30) else 0
        if not cut:
            return [_lines(start, *blocks, *last)]
        self._use("several turns")
        first, rest = blocks[:cut], blocks[cut:]
        if self._odds(60):
            self._use("mistake")
            first.append(
                self._one_of(
                    ("v.append(1 // 0)", "for n in (1, 2):\n    $total += 1\n    v.append(n.nothing)", "v.append(")
                )
            )
        return [_lines(start, *first), _lines(*rest, *last)]

    def _playbook(self, depth: int) -> Sequence[str]:
        self._features[self._name], self._calls[self._name] = set(), set()
        body = [self._line() for _ in range(1 + self._below(2))]
        end = "await Return([v, a])"
        if self._odds(15):
            self._use("mistake")
            return [_lines("v = [a]", body[0], "undefined(a)"), _lines(*body[1:], end)]
        return [_lines("v = [a]", *body, end)]

    def _peer(self) -> str:
        self._use("message")
        return _lines(
            "v = []",
            "while (said := await Yld('agent 1000')) != 'end':\n"
            + _indent("$total += 1", self._line(simple=True), "await Say('agent 1000', f'{said}!')"),
            "await Return([v, $total])",
        )

    # -- blocks: statements at the top of a response -----------------------------------------------------------------------------

    def _block(self) -> str:
        """One or more statements, each a unit of its own; a loop's turns too."""
        kinds: list[Callable[[], str]] = [
            self._line, self._line, self._line, self._turns, self._while, self._whole_loop, self._within_one_unit, self._kept_call,
            self._kept_task, self._function, self._class, self._person,
        ]  # fmt: skip
        if self._talks:
            kinds += [self._talk, self._talk, self._new_agent, self._new_agent]
        return self._one_of(kinds)()

    def _turns(self) -> str:
        self._use("loop", "loop by turns")
        head = self._one_of(
            (
                "items = [1, 2]\nfor n in items:",
                "for place, n in enumerate([v, 2]):",
                "for n in reversed(range(2)):",
                "for n, *rest in zip('ab', [3, 4]):",
                "for n in v:",
                "for n in {'x': 1, 'y': 2}.items():",
            )
        )
        end = ["if len(v) > 6: break", "if len(v) < 3: v.append(0)"]
        text = f"{head}\n" + _indent(self._line(), *self._some(end))
        return text + ("\nelse:\n    v.append('all')" if self._odds(50) else "")

    def _while(self) -> str:
        self._use("loop", "loop by turns")
        c = self._new("c")
        skip = [f"if {c} == 1: continue"]
        return (
            f"{c} = 0\nwhile {c} < await Wait(1, 2):\n"
            + _indent(f"{c} += 1", *self._some(skip), self._line())
            + f"\nelse:\n    v.append({self._await()})"
        )

    def _whole_loop(self) -> str:
        """What it walks has no cursor that can be stored: the loop is one unit."""
        self._use("loop")
        head = self._one_of(("for n in (k for k in (1, 2)):", "for n in map(str, (1, 2)):"))
        return f"{head}\n" + _indent(self._line())

    def _within_one_unit(self) -> str:
        return "if True:\n" + _indent(self._line(), self._line())

    def _kept_call(self) -> str:
        self._use("kept call")
        p = self._new("p")
        return f"{p} = Wait(2, 4)\n{self._line(simple=True)}\nv.append(await {p})"

    def _kept_task(self) -> str:
        self._use("kept task")
        t, helper = self._new("t"), self._new("help")
        return (
            f"async def {helper}(k):\n    v.append(await Wait(k, k))\n    $total += k\n    return await Wait(1, 2)\n"
            f"{t} = asyncio.create_task({helper}(2))\n{self._line(simple=True)}\nv.append(await {t})"
        )

    def _function(self) -> str:
        self._use("function")
        f = self._new("f")
        define = self._one_of(
            (
                f"def {f}(n, times=[2]):\n    times.append(len(times))\n    return (n, sum(times))",
                f"def make(k):\n    def inner(n):\n        nonlocal k\n        k += 1\n        return (n, k)\n    return inner\n{f} = make(5)",
                f"{f} = lambda n, more=v: (n, len(more))",
                f"def {f}(n):\n    {f}.calls = getattr({f}, 'calls', 0) + 1\n    return (n, {f}.calls)",
                f"def {f}(n):\n    global counted\n    counted = counted + 1\n    return (n, counted)\ncounted = 0",
            )
        )
        return f"{define}\nv.append({f}({self._await()}))\n{self._line(simple=True)}\nv.append({f}({self._await()}))"

    def _class(self) -> str:
        self._use("class")
        c, o = self._new("C"), self._new("o")
        return (
            f"class {c}:\n    made = 0\n    def __init__(self, n):\n        self.n, self.own = n, [n]\n        {c}.made += 1\n"
            f"    def up(self, by=1):\n        self.n += by\n        self.own.append(self)\n        return self.n\n"
            f"{o} = {c}(len(v))\nsame = {o}\nv.append([same.up(), {self._await()}])\nv.append([{o}.up(2), {o} is same, {o}.own[-1] is same, {c}.made])"
        )

    def _person(self) -> str:
        self._use("person")
        return self._one_of(
            (
                "v.append(await Yld('user'))",
                "await Say('user', 'who?')\nv.append(await Yld('user'))",
                "while (said := await Yld('user'))[-1] not in '258':\n"
                + _indent("await Say('user', said)", self._line(simple=True)),
            )
        )

    def _talk(self) -> str:
        self._use("message")
        return self._one_of(
            (
                "await Say('agent 1001', 'one')\nv.append(await Yld('agent 1001'))",
                "for word in ('x', 'y'):\n    await Say('1001', word)\n    v.append(await Yld('1001'))",
                f"if True:\n    await Say('Agent1', 'both')\n    v.append([await Yld('agent 1001'), {self._await()}])",
            )
        )

    def _new_agent(self) -> str:
        self._use("new agent", "message")
        a = self._new("a")
        total = self._below(10)
        ask = self._one_of((f"await Say({a}, 'you')\nv.append(await Yld({a}))", f"v.append(await Agent1[{a}].P2(3))"))
        if "P2(" in ask:
            self._calls_to("P2", "cross-agent call")
        return f"{a} = await CreateAgent('Agent1', total={total})\n{ask}\nawait Say({a}, 'end')"

    # -- lines: code that can stand anywhere ---------------------------------------------------------------------------------------

    def _line(self, simple: bool = False) -> str:
        kinds: list[Callable[[], str]] = [self._plain, self._state, self._say, self._artifact, self._step]
        if not simple:
            kinds += [
                self._alias, self._alias, self._mutation, self._mutation, self._inner_loop, self._gather, self._gather, self._wait_for,
                self._wait_for, self._timeout, self._timeout, self._task_group, self._task_group, self._failing_group,
                self._failing_group, self._exception, self._not_storable, self._not_storable, self._clock_and_chance,
                self._clock_and_chance, self._async_generator, self._async_generator, self._lock, self._lock,
            ]  # fmt: skip
        return self._one_of(kinds)()

    def _plain(self) -> str:
        return self._one_of(
            (
                f"v.append({self._await()})",
                f"v += [n for n in [{self._await()}, 2]]",
                f"if len(v) % 2:\n    v.append({self._await()})\nelse:\n    v.append(-1)",
                f"v.append((got := {self._await()}) is None)\nv.append(got)",
                f"x, *y = [{self._await()}, len(v), 3]\nv.append([x, y])\ndel x",
            )
        )

    def _state(self) -> str:
        self._use("agent state")
        n = self._below(100)
        return self._one_of(
            (
                f"$total += await Wait({n % 4}, {n})",
                f"$total += 1\n$seen.append({n})",
                f"$seen.append({self._await()})",
                "bag = $bag\nbag.add('k' + str(len(v)))\nbag = None",
                "total = len($seen)\nv.append($total)",
                f"$last = v\nv.append({self._await()})\nself.state.size = len($last)",
                "del $seen[:1]",
            )
        )

    def _say(self) -> str:
        return self._one_of(("await Say('user', 'hello')", "await Say('user', f'{len(v)} héllo {$total}')"))

    def _artifact(self) -> str:
        self._use("artifact")
        name = self._new("paper")
        return f"await SaveArtifact('{name}', 'what there is', v)\nv.append(len(await LoadArtifact('{name}')))"

    def _step(self) -> str:
        self._use("step")
        return self._one_of(
            (f"await Step('{self._name}:01:QUE')", "await Trigger('T1:CND')", "await Var('$total', len(v))")
        )

    def _alias(self) -> str:
        self._use("alias")
        return self._one_of(
            (
                f"w = v\nw.append({self._await()})\nv.append(w is v)",
                f"ring = [v]\nring.append(ring)\nring[0].append({self._await()})\nv.append(ring[1][0] is v)",
                f"pair = {{'one': v, 'two': [v]}}\npair['two'][0].append({self._await()})",
            )
        )

    def _mutation(self) -> str:
        self._use("mutation")
        return self._one_of(
            (
                f"d = {{'n': 0}}\nd['n'] += {self._await()} == 5\nd['v'] = v[:1]\nv.append(d)",
                f"s = set()\ns.add(str({self._await()}))\nv.append(len(s))",
                f"b = bytearray(b'ab')\nb.extend(str({self._await()}).encode())\nv.append(len(b))",
            )
        )

    def _inner_loop(self) -> str:
        self._use("loop")
        return (
            f"for i in range({1 + self._below(2)}):\n    v.append({self._await()})\n"
            f"    if i == {self._below(3)}: break\nelse:\n    $total += 1"
        )

    def _gather(self) -> str:
        self._use("gather")
        helper = self._new("help")
        if self._odds(50):
            return f"v += await asyncio.gather({self._call()}, {self._call()})"
        with_state = ["$total += k", "$seen.append(k)"]
        return (
            f"async def {helper}(k):\n"
            + _indent(
                "for j in range(2):\n    v.append((k, await Wait(j, k)))",
                *self._some(with_state),
                f"v.append({self._await()})",
            )
            + f"\nawait asyncio.gather({helper}(1), {helper}(2), {self._call()})"
        )

    def _wait_for(self) -> str:
        self._use("wait_for")
        slow = self._new("slow")
        return (
            f"async def {slow}():\n    v.append({self._await()})\n    $total += 1\n    return v\n"
            f"(await asyncio.wait_for({slow}(), 9)).append({self._await()})"
        )

    def _timeout(self) -> str:
        self._use("timeout", "exception")
        late = self._new("late")
        return (
            f"async def {late}():\n    try:\n        $total += 1\n        await asyncio.sleep(9)\n    finally:\n"
            f"        v.append(await Wait(2, 7))\n"
            f"try:\n    await asyncio.wait_for({late}(), 0)\nexcept TimeoutError:\n    v.append({self._await()})"
        )

    def _task_group(self) -> str:
        self._use("task group")
        get = self._new("get")
        return (
            f"async def {get}(k):\n    v.append(await Wait(k, k))\n"
            f"async with asyncio.TaskGroup() as group:\n    group.create_task({get}(1))\n    group.create_task({get}(3))\n"
            f"    v.append({self._await()})"
        )

    def _failing_group(self) -> str:
        self._use("failing group", "exception")
        failing = self._new("failing")
        return (
            f"async def {failing}(n):\n    await fails(n)\n"
            f"try:\n    async with asyncio.TaskGroup() as group:\n        group.create_task({failing}({self._below(3)}))\n"
            f"        await Wait(30)\nexcept* ValueError as errors:\n    v.append(str(errors.exceptions[0]))\n"
            f"    v.append({self._await()})"
        )

    def _exception(self) -> str:
        self._use("exception")
        return self._one_of(
            (
                f"try:\n    await fails({self._below(10)})\nexcept ValueError as error:\n    v.append(str(error))\n"
                f"finally:\n    v.append({self._await()})",
                f"try:\n    v.append({self._await()})\n    raise KeyError('k')\nexcept (KeyError, OSError) as error:\n"
                f"    v.append(repr(error))\n    v.append({self._await()})",
                f"try:\n    try:\n        await fails(1)\n    except ValueError as error:\n        raise RuntimeError('two') from error\n"
                f"except RuntimeError as error:\n    v.append(str(error.__cause__))\n    v.append({self._await()})",
            )
        )

    def _not_storable(self) -> str:
        """Used within the unit that made it; what is left of it afterwards is a placeholder, which nothing may touch."""
        self._use("not storable")
        return self._one_of(
            (
                f"if True:\n    held = (n * n for n in range(9))\n    v.append([next(held), {self._await()}, next(held)])",
                f"if True:\n    import threading\n    held = threading.Lock()\n    with held:\n        v.append({self._await()})",
                f"if True:\n    import threading\n    $held = [threading.Lock(), 1]\n    v.append([{self._await()}, $held[1]])",
            )
        )

    def _clock_and_chance(self) -> str:
        """Drawn once: a replay that draws again finds what it drew differ from what the agent was told."""
        self._use("clock and chance", "agent state")
        drawn = self._new("drawn")
        return (
            f"if True:\n    import random, time, uuid, datetime\n"
            f"    {drawn} = [random.random(), time.time(), uuid.uuid4().hex, datetime.datetime.now().isoformat()]\n"
            f"    $kept_{drawn} = {drawn}\n    v.append({self._await()})\n    v.append({drawn} == $kept_{drawn})\n"
            f"    {drawn} = None\n    del $kept_{drawn}"
        )

    def _async_generator(self) -> str:
        self._use("async generator")
        many = self._new("many")
        return (
            f"async def {many}():\n    for i in range(2):\n        yield await Wait(i, i)\n"
            f"async for i in {many}():\n    v.append(i)\nv += [await Wait(1, n) async for n in {many}()]"
        )

    def _lock(self) -> str:
        self._use("lock", "gather")
        turn = self._new("turn")
        return (
            f"if True:\n    lock = asyncio.Lock()\n    async def {turn}(k):\n        async with lock:\n"
            f"            v.append(k)\n            v.append(await Wait(2, k))\n    await asyncio.gather({turn}(1), {turn}(2))"
        )

    # -- calls ---------------------------------------------------------------------------------------------------------------------

    def _await(self) -> str:
        return f"await {self._call()}"

    def _call(self) -> str:
        """Something to await that gives a value."""
        depth, n, kind = self._depth, self._below(100), self._below(12)
        if kind <= 1 and depth < 2 and self._name != "Peer":
            return self._calls_to(f"P{depth + 1}", "nested playbook") + f"({n})"
        if kind == 2 and depth < 2:
            return self._calls_to("py", "Python frame") + f"({n})"
        if kind in (3, 4) and self._talks and depth == 0:
            return f'Agent1["agent 1001"].{self._calls_to("P2", "cross-agent call")}({n})'
        if kind == 5:
            return f"asyncio.sleep(0, {n})"
        return f"Wait({self._below(5)}, {n})"

    # -- bookkeeping -----------------------------------------------------------------------------------------------------------------

    def _calls_to(self, name: str, feature: str) -> str:
        self._use(feature)
        self._calls.setdefault(self._name, set()).add(name)
        return name

    def _use(self, *features: str) -> None:
        assert set(features) <= set(FEATURES)
        self._features.setdefault(self._name, set()).update(features)

    def _new(self, name: str) -> str:
        self._names += 1
        return f"{name}{self._names}"

    def _odds(self, percent: int) -> bool:
        return self._below(100) < percent

    def _one_of(self, choices: Sequence[_Choice]) -> _Choice:
        return choices[self._below(len(choices))]

    def _some(self, lines: list[str]) -> list[str]:
        return [line for line in lines if self._odds(50)]


def _lines(*blocks: str) -> str:
    return "\n".join(blocks) + "\n"


def _indent(*blocks: str) -> str:
    return "\n".join(f"    {line}" for block in blocks for line in block.split("\n"))


if __name__ == "__main__":
    print(seeded_program(*map(int, sys.argv[1:])))
