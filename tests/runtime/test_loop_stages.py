"""A top-level loop that is run turn by turn does what Python's loop does."""

from __future__ import annotations

import ast
import asyncio
import inspect
from typing import Any

import pytest
from runtime.rewritten import World

from playbooks.runtime.source import compile_statement, loop_of, parse_statement


def by_turns(source: str, world: World) -> list[str]:
    """Runs a loop as the runtime does; returns what came after each turn."""
    names, outcomes = world.names, []

    async def run(stage: Any) -> None:
        result = eval(compile_statement(source, stage), names)
        if inspect.isawaitable(result):
            await result

    async def main() -> None:
        loop = parse_statement(source)
        assert isinstance(loop, (ast.For, ast.While))
        if isinstance(loop, ast.For):
            await run("head")
            items = iter(names["__iterable__"])
        while True:
            try:
                if isinstance(loop, ast.For):
                    names["__item__"] = next(items)
                await run("turn")
                outcomes.append(names["__next__"])
            except StopIteration:
                outcomes.append("else")
            if outcomes[-1] != "turn":
                break
        if outcomes[-1] == "else" and loop.orelse:
            await run("else")

    asyncio.run(main())
    return outcomes


LOOPS = [
    "for a, (b, *c) in [(1, (2, 3)), (4, (5,))]:\n    out.append((a, b, c, await F(a)))\nelse:\n    out.append(6)",
    "for n in [1, 2, 3, 4]:\n    if n == 2: continue\n    if n == 4: break\n    out.append(n)\n"
    "else:\n    out.append(5)",
    "for $n in [0, 1]:\n    for m in [0, 1]:\n        if m == 1: break\n        out.append(($n, m))\n"
    "    else: out.append(2)",
    "while len(out) < await F(3):\n    out.append(1)\n    if len(out) == 2: continue\n    out.append(2)\n"
    "else:\n    out.append(3)",
    "while True:\n    out.append(1)\n    if len(out) > 2: break\nelse:\n    out.append(2)",
    "for n in []: out.append(n)\nelse: out.append(0)",
    "while (k := len(out)) < 2: out.append(k)",
    "for d['z'], _ in [(1, 2)]: out.append(d)",
]


@pytest.mark.parametrize("source", LOOPS)
def test_a_loop_by_the_turn_does_what_the_loop_does(source: str) -> None:
    whole, turns = World(), World()
    for world in (whole, turns):
        world.names["out"], world.names["d"] = [], {}
    whole.run(source)
    outcomes = by_turns(source, turns)
    assert turns.names["out"] == whole.names["out"]
    assert outcomes[:-1] == ["turn"] * (len(outcomes) - 1)
    assert vars(turns.state) == vars(whole.state)


def test_a_loop_over_what_cannot_be_stored_runs_whole() -> None:
    world = World()
    world.names["out"], world.names["__iterable__"] = [], (n for n in [1, 2])
    eval(compile_statement("for n in generator():\n    out.append(n)\nelse: out.append(3)", "whole"), world.names)
    assert world.names["out"] == [1, 2, 3]


def test_an_error_in_a_loop_shows_before_any_of_it_runs() -> None:
    for source, stage in (("for a in f():\n    return", "head"), ("while f():\n    a\nelse:\n    break", "turn")):
        with pytest.raises(SyntaxError):
            compile_statement(source, stage)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "loop"),
    [
        ("for a in b: c", True),
        ("while a: b", True),
        ("async for a in b: c", False),
        ("forks = 1", False),
        ("while_ = 1", False),
    ],
)
def test_loops_are_told_from_other_statements(source: str, loop: bool) -> None:
    assert (loop_of(source) is not None) == loop
