"""Lines of random programs: code that can stand anywhere in one, each kind for something that a resume must get right.

Apart from the programs (`random_programs`) because this is the list that grows: what broke a resume gets a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import dedent
from typing import TypeVar

from runtime.random_definitions import CHANCE, LOCKS, MANAGERS

Chance = Callable[[int], int]
"""Gives a number from 0 to below its argument. Not `random.Random`, so that a test that shrinks can give them too."""

FEATURES = (
    "nested playbook", "loop", "loop by turns", "gather", "wait_for", "timeout", "task group", "failing group",
    "exception", "mistake", "Python frame", "agent state", "cross-agent call", "message", "person", "new agent",
    "alias", "mutation", "not storable", "function", "class", "clock and chance", "artifact", "kept call",
    "kept task", "async generator", "lock", "context manager", "iterator", "several turns", "exit", "step",
)  # fmt: skip

_Choice = TypeVar("_Choice")


def code(text: str, *more: str) -> str:
    """Code without the indent it is written with, then more of it."""
    return lines(dedent(text).strip("\n"), *more)


def lines(*blocks: str) -> str:
    """Blocks one after the other."""
    return "\n".join(block for block in blocks if block)


def indented(*blocks: str) -> str:
    """Blocks one step further in."""
    return "\n".join(f"    {line}" for block in blocks for line in block.split("\n"))


class Lines:
    """Writes lines for the playbook `_name`, which is called at depth `_depth`; its list is `v`.

    Args:
        chance: What decides.
        talks: Whether there is another agent, 1001, to talk to.
    """

    def __init__(self, chance: Chance, talks: bool) -> None:
        self._below, self._talks = chance, talks
        self._name, self._depth = "Main", 0
        self._features: dict[str, set[str]] = {}
        """Playbook → what is in it."""
        self._calls: dict[str, set[str]] = {}
        """Playbook → playbooks that it calls."""
        self._names = 0

    def line(self, simple: bool = False) -> str:
        """Some code; when it is to be simple, a statement or two."""
        kinds: list[Callable[[], str]] = [self._plain, self._state, self._say, self._artifact, self._step]
        if not simple:
            kinds += [self._inner_loop, self._exception]
            kinds += 2 * [
                self._alias, self._mutation, self._gather, self._wait_for, self._timeout, self._task_group,
                self._failing_group, self._not_storable, self._clock_and_chance, self._async_generator, self._lock,
                self._manager,
            ]  # fmt: skip
        return self.one_of(kinds)()

    # -- variables and state -------------------------------------------------------------------------------------------

    def _plain(self) -> str:
        return self.one_of(
            (
                f"v.append({self.awaited()})",
                f"v += [n for n in [{self.awaited()}, 2]]",
                f"if len(v) % 2:\n    v.append({self.awaited()})\nelse:\n    v.append(-1)",
                f"v.append((got := {self.awaited()}) is None)\nv.append(got)",
                f"x, *y = [{self.awaited()}, len(v), 3]\nv.append([x, y])\ndel x",
            )
        )

    def _state(self) -> str:
        self.use("agent state")
        n = self._below(100)
        return self.one_of(
            (
                f"$total += await Wait({n % 4}, {n})",
                f"$total += 1\n$seen.append({n})",
                f"$seen.append({self.awaited()})",
                "bag = $bag\nbag.add('k' + str(len(v)))\nbag = None",
                "total = len($seen)\nv.append($total)",
                f"$last = v\nv.append({self.awaited()})\nself.state.size = len($last)",
                "del $seen[:1]",
            )
        )

    def _alias(self) -> str:
        self.use("alias")
        return self.one_of(
            (
                f"w = v\nw.append({self.awaited()})\nv.append(w is v)",
                f"ring = [v]\nring.append(ring)\nring[0].append({self.awaited()})\nv.append(ring[1][0] is v)",
                f"pair = {{'one': v, 'two': [v]}}\npair['two'][0].append({self.awaited()})",
            )
        )

    def _mutation(self) -> str:
        self.use("mutation")
        return self.one_of(
            (
                f"d = {{'n': 0}}\nd['n'] += {self.awaited()} == 5\nd['v'] = v[:1]\nv.append(d)",
                f"s = set()\ns.add(str({self.awaited()}))\nv.append(len(s))",
                f"b = bytearray(b'ab')\nb.extend(str({self.awaited()}).encode())\nv.append(len(b))",
            )
        )

    def _not_storable(self) -> str:
        """Used within the unit that made it: what is left afterwards is a placeholder, which nothing may touch."""
        self.use("not storable")
        return self.one_of(
            (
                f"""
                if True:
                    held = (n * n for n in range(9))
                    v.append([next(held), {self.awaited()}, next(held)])
                """,
                f"""
                if True:
                    import threading
                    held = threading.Lock()
                    with held:
                        v.append({self.awaited()})
                """,
                f"""
                if True:
                    import threading
                    $held = [threading.Lock(), 1]
                    v.append([{self.awaited()}, $held[1]])
                """,
            ),
            code,
        )

    def _clock_and_chance(self) -> str:
        self.use("clock and chance", "agent state")
        return self.made(CHANCE, drawn=self.new("drawn"))

    def _manager(self) -> str:
        self.use("context manager")
        if "fails(" in (text := self.made(MANAGERS, m=self.new("M"))):
            self.use("exception")
        return text

    # -- several at once -----------------------------------------------------------------------------------------------

    def _gather(self) -> str:
        self.use("gather")
        if self.odds(50):
            return f"v += await asyncio.gather({self.call()}, {self.call()})"
        helper = self.new("help")
        steps = [
            "for j in range(2):\n    v.append((k, await Wait(j, k)))",
            *self.some("$total += k", "$seen.append(k)"),
        ]
        return lines(
            f"async def {helper}(k):",
            indented(*steps, f"v.append({self.awaited()})"),
            f"await asyncio.gather({helper}(1), {helper}(2), {self.call()})",
        )

    def _wait_for(self) -> str:
        self.use("wait_for")
        slow = self.new("slow")
        return code(
            f"""
            async def {slow}():
                v.append({self.awaited()})
                $total += 1
                return v
            (await asyncio.wait_for({slow}(), 9)).append({self.awaited()})
            """
        )

    def _timeout(self) -> str:
        self.use("timeout", "exception")
        late = self.new("late")
        return code(
            f"""
            async def {late}():
                try:
                    $total += 1
                    await asyncio.sleep(9)
                finally:
                    v.append(await Wait(2, 7))
            try:
                await asyncio.wait_for({late}(), 0)
            except TimeoutError:
                v.append({self.awaited()})
            """
        )

    def _task_group(self) -> str:
        self.use("task group")
        get = self.new("get")
        return code(
            f"""
            async def {get}(k):
                v.append(await Wait(k, k))
            async with asyncio.TaskGroup() as group:
                group.create_task({get}(1))
                group.create_task({get}(3))
                v.append({self.awaited()})
            """
        )

    def _failing_group(self) -> str:
        self.use("failing group", "exception")
        failing = self.new("failing")
        return code(
            f"""
            async def {failing}(n):
                await fails(n)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task({failing}({self._below(3)}))
                    await Wait(30)
            except* ValueError as errors:
                v.append(str(errors.exceptions[0]))
                v.append({self.awaited()})
            """
        )

    def _lock(self) -> str:
        self.use("lock", "gather")
        return self.made(LOCKS, turn=self.new("turn"))

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _inner_loop(self) -> str:
        self.use("loop")
        return code(
            f"""
            for i in range({1 + self._below(2)}):
                v.append({self.awaited()})
                if i == {self._below(3)}: break
            else:
                $total += 1
            """
        )

    def _async_generator(self) -> str:
        self.use("async generator")
        many = self.new("many")
        return code(
            f"""
            async def {many}():
                for i in range(2):
                    yield await Wait(i, i)
            async for i in {many}():
                v.append(i)
            v += [await Wait(1, n) async for n in {many}()]
            """
        )

    def _exception(self) -> str:
        self.use("exception")
        return self.one_of(
            (
                f"""
                try:
                    await fails({self._below(10)})
                except ValueError as error:
                    v.append(str(error))
                finally:
                    v.append({self.awaited()})
                """,
                f"""
                try:
                    v.append({self.awaited()})
                    raise KeyError('k')
                except (KeyError, OSError) as error:
                    v.append(repr(error))
                    v.append({self.awaited()})
                """,
                f"""
                try:
                    try:
                        await fails(1)
                    except ValueError as error:
                        raise RuntimeError('two') from error
                except RuntimeError as error:
                    v.append(str(error.__cause__))
                    v.append({self.awaited()})
                """,
            ),
            code,
        )

    def _say(self) -> str:
        return self.one_of(("await Say('user', 'hello')", "await Say('user', f'{len(v)} héllo {$total}')"))

    def _artifact(self) -> str:
        self.use("artifact")
        name = self.new("paper")
        return f"await SaveArtifact('{name}', 'what there is', v)\nv.append(len(await LoadArtifact('{name}')))"

    def _step(self) -> str:
        self.use("step")
        steps = (f"await Step('{self._name}:01:QUE')", "await Trigger('T1:CND')", "await Var('$total', len(v))")
        return self.one_of(steps)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def awaited(self) -> str:
        """An `await` that gives a value."""
        return f"await {self.call()}"

    def call(self) -> str:
        """Something to await that gives a value."""
        depth, n, kind = self._depth, self._below(100), self._below(12)
        if kind <= 1 and depth < 2 and self._name != "Peer":
            return self.calls_to(f"P{depth + 1}", "nested playbook") + f"({n})"
        if kind == 2 and depth < 2:
            return self.calls_to("py", "Python frame") + f"({n})"
        if kind in (3, 4) and self._talks and depth == 0:
            return f'Agent1["agent 1001"].{self.calls_to("P2", "cross-agent call")}({n})'
        if kind == 5:
            return f"asyncio.sleep(0, {n})"
        return f"Wait({self._below(5)}, {n})"

    def calls_to(self, name: str, feature: str) -> str:
        """A playbook's name, which is called here."""
        self.use(feature)
        self._calls.setdefault(self._name, set()).add(name)
        return name

    # -- what was written, and chance ----------------------------------------------------------------------------------

    def use(self, *features: str) -> None:
        """Counts features of the playbook that is being written."""
        assert set(features) <= set(FEATURES)
        self._features.setdefault(self._name, set()).update(features)

    def new(self, name: str) -> str:
        """A name that nothing else has."""
        self._names += 1
        return f"{name}{self._names}"

    def odds(self, percent: int) -> bool:
        """True so often."""
        return self._below(100) < percent

    def one_of(self, choices: Sequence[_Choice], made: Callable[[_Choice], _Choice] | None = None) -> _Choice:
        """One of them, made into what is wanted."""
        choice = choices[self._below(len(choices))]
        return made(choice) if made else choice

    def made(self, choices: Sequence[str], **names: str) -> str:
        """One of them with these names in it; each `{awaited}` an await of its own, `{n}` a number."""
        text = dedent(self.one_of(choices)).strip("\n")
        while "{awaited}" in text:
            text = text.replace("{awaited}", self.awaited(), 1)
        return text.format(n=self._below(9), **names)

    def some(self, *choices: str) -> list[str]:
        """Some of them, or none."""
        return [choice for choice in choices if self.odds(50)]
