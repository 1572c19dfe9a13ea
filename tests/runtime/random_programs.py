"""Random programs from one source of chance, made of everything that a resume must get right.

Apart from the test that runs them, so that a seed gives the same program to the test, to the long fuzz and to whoever
looks for the cause of a failure: `python random_programs.py SEED SIZE` prints one.

A program is `Main` of the first agent and the playbooks `P1` and `P2` below it, model-written; `py` and `fails` in
Python; and, when agents talk, `Peer`, which the second agent begins with and every agent that is made at run time.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runtime.random_definitions import CLASSES, FUNCTIONS, ITERATORS
from runtime.random_lines import FEATURES, Chance, Lines, code, indented, lines
from runtime.scenario import Part, Scenario

__all__ = ["FEATURES", "RandomProgram", "random_program", "seeded_program"]

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


class _Writer(Lines):
    """Writes one program."""

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance, talks=chance(100) < 45)

    def program(self, size: int) -> RandomProgram:
        parts = {"Main": Part(turns=tuple(self._main(size)))}
        for depth in (1, 2):
            self._name, self._depth = f"P{depth}", depth
            parts[self._name] = Part(("a",), tuple(self._playbook()))
        parts["py"], parts["fails"] = Part(python=_PY), Part(python=_FAILS)
        if self._talks:
            self._name, self._depth = "Peer", 1
            parts["Peer"] = Part(turns=(self._peer(),))
        self._features["py"] = {"Python frame", "agent state", "gather", "exception"}
        begins = ("Main", "Peer") if self._talks else ("Main",)
        reached = self._reached(set(begins))
        features = frozenset(feature for name in reached for feature in self._features.get(name, ()))
        answers = tuple(f"answer {n}" for n in range(40))
        return RandomProgram(Scenario(parts, begins, answers, self.one_of((1, 5, 7, 40, 1000))), features)

    def _reached(self, names: set[str]) -> set[str]:
        """All playbooks that these call, or that those call, and they themselves."""
        called = {other for name in names for other in self._calls.get(name, ())}
        return names if called <= names else self._reached(names | called)

    def _main(self, size: int) -> Sequence[str]:
        """The responses of `Main`."""
        blocks = [self._block() for _ in range(max(1, size - 1 + self._below(3)))]
        last = ["await Say('agent 1001', 'end')"] if self._talks else []
        if self.odds(15):
            self.use("exit")
            # Others come to their end first: who would be cut off by the exit is a race.
            last.append("await Wait(300)\nawait Yld('exit')")
        else:
            last.append("await Return([v, sorted($bag)])")
        if not self.odds(30):
            return [lines("v = []", *blocks, *last)]
        self.use("several turns")
        cut = 1 + self._below(len(blocks))
        first, rest = blocks[:cut], blocks[cut:]
        if self.odds(60):
            self.use("mistake")
            failing_loop = "for n in (1, 2):\n    $total += 1\n    v.append(n.nothing)"
            first.append(self.one_of(("v.append(1 // 0)", failing_loop, "v.append(")))
        return [lines("v = []", *first), lines(*rest, *last)]

    def _playbook(self) -> Sequence[str]:
        """The responses of a playbook that takes `a`."""
        body = [self.line() for _ in range(1 + self._below(2))]
        end = "await Return([v, a])"
        if self.odds(15):
            self.use("mistake")
            return [lines("v = [a]", body[0], "undefined(a)"), lines(*body[1:], end)]
        return [lines("v = [a]", *body, end)]

    def _peer(self) -> str:
        self.use("message")
        return lines(
            "v = []",
            "while (said := await Yld('agent 1000')) != 'end':",
            indented("$total += 1", self.line(simple=True), "await Say('agent 1000', f'{said}!')"),
            "await Return([v, $total])",
        )

    # -- blocks: statements at the top of a response -------------------------------------------------------------------

    def _block(self) -> str:
        """One or more statements, each a unit of its own; a loop's turns too."""
        kinds: list[Callable[[], str]] = [
            self.line, self.line, self.line, self._turns, self._while, self._whole_loop, self._within_one_unit,
            self._kept_call, self._kept_task, self._function, self._class, self._person, self._iterator,
        ]  # fmt: skip
        if self._talks:
            kinds += [self._talk, self._talk, self._new_agent, self._new_agent]
        return self.one_of(kinds)()

    def _turns(self) -> str:
        self.use("loop", "loop by turns")
        head = self.one_of(
            (
                "items = [1, 2]\nfor n in items:",
                "for place, n in enumerate([v, 2]):",
                "for n in reversed(range(2)):",
                "for n, *rest in zip('ab', [3, 4]):",
                "for n in v:",
                "for n in {'x': 1, 'y': 2}.items():",
            )
        )
        end = self.some("if len(v) > 6: break", "if len(v) < 3: v.append(0)")
        return lines(head, indented(self.line(), *end), *self.some("else:\n    v.append('all')"))

    def _while(self) -> str:
        self.use("loop", "loop by turns")
        c = self.new("c")
        return lines(
            f"{c} = 0\nwhile {c} < await Wait(1, 2):",
            indented(f"{c} += 1", *self.some(f"if {c} == 1: continue"), self.line()),
            f"else:\n    v.append({self.awaited()})",
        )

    def _whole_loop(self) -> str:
        """What it walks has no cursor that can be stored: the loop is one unit."""
        self.use("loop")
        head = self.one_of(("for n in (k for k in (1, 2)):", "for n in map(str, (1, 2)):"))
        return lines(head, indented(self.line()))

    def _within_one_unit(self) -> str:
        return lines("if True:", indented(self.line(), self.line()))

    def _kept_call(self) -> str:
        self.use("kept call")
        p = self.new("p")
        return lines(f"{p} = Wait(2, 4)", self.line(simple=True), f"v.append(await {p})")

    def _kept_task(self) -> str:
        self.use("kept task")
        task, helper = self.new("t"), self.new("help")
        return code(
            f"""
            async def {helper}(k):
                v.append(await Wait(k, k))
                $total += k
                return await Wait(1, 2)
            {task} = asyncio.create_task({helper}(2))
            """,
            self.line(simple=True),
            f"v.append(await {task})",
        )

    def _function(self) -> str:
        self.use("function")
        f = self.new("f")
        calls = [f"v.append({f}({self.awaited()}))" for _ in range(2)]
        return lines(self.made(FUNCTIONS, f=f), calls[0], self.line(simple=True), calls[1])

    def _class(self) -> str:
        self.use("class")
        return self.made(CLASSES, c=self.new("C"), o=self.new("o"))

    def _iterator(self) -> str:
        self.use("iterator")
        it = self.new("it")
        return lines(
            "import itertools\nkept = {'a': [1], 'b': 2}",
            f"{it} = {self.one_of(ITERATORS)}\nv.append(str(next({it})))",
            self.line(simple=True),
            f"v.append(str(next({it})))\nv.append(sum(1 for _ in itertools.islice({it}, 3)))",
        )

    def _person(self) -> str:
        self.use("person")
        conversation = lines(
            "while (said := await Yld('user'))[-1] not in '258':",
            indented("await Say('user', said)", self.line(simple=True)),
        )
        asked = "await Say('user', 'who?')\nv.append(await Yld('user'))"
        return self.one_of(("v.append(await Yld('user'))", asked, conversation))

    def _talk(self) -> str:
        self.use("message")
        return self.one_of(
            (
                "await Say('agent 1001', 'one')\nv.append(await Yld('agent 1001'))",
                "for word in ('x', 'y'):\n    await Say('1001', word)\n    v.append(await Yld('1001'))",
                f"if True:\n    await Say('Agent1', 'both')\n    v.append([await Yld('agent 1001'), {self.awaited()}])",
            )
        )

    def _new_agent(self) -> str:
        self.use("new agent", "message")
        a = self.new("a")
        ask = self.one_of((f"await Say({a}, 'you')\nv.append(await Yld({a}))", f"v.append(await Agent1[{a}].P2(3))"))
        if "P2(" in ask:
            self.calls_to("P2", "cross-agent call")
        return lines(f"{a} = await CreateAgent('Agent1', total={self._below(10)})", ask, f"await Say({a}, 'end')")


if __name__ == "__main__":
    print(seeded_program(*map(int, sys.argv[1:])))
