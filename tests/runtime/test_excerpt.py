"""What stands for a checkpoint is the source of its `await`, on one line."""

from __future__ import annotations

import ast
import asyncio
import sys
import types
import warnings
from typing import Any

import pytest
from hypothesis import given
from runtime.python_texts import expressions, with_dollars

from playbooks.runtime.excerpt import await_source, fold
from playbooks.runtime.source import compile_statement, mark


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('await Say("user", "hi")', 'await Say("user", "hi")'),
        ('answer = await Yld("user")', 'await Yld("user")'),
        ('await Say(\n    "user",  # to whom\n    "hi",\n)', 'await Say("user", "hi")'),
        ('await Say("user", f"""é {$a\n} $b\n""")', 'await Say("user", f"""é {$a\\n} $b\\n""")'),
        ("await F(\n  [1,\n   2], {\n   'a': (1,\n)})", "await F([1, 2], {'a': (1,)})"),
        ("await F(a +\n  b)", "await F(a + b)"),
        ("await F(a + \\\n  b)", "await F(a + b)"),
        ("$x.append(await $é.f(\r\n1\r\n))", "await $é.f(1)"),
        ("if a:\n    b = 1", "if a: b = 1"),
        ("x = 1", "x = 1"),
        ("x = (", "x = ("),
    ],
)
def test_a_statement_is_told_by_its_await(source: str, told: str) -> None:
    assert await_source(source, 0, 0) == told


def test_the_await_that_waits_is_told_not_another_in_its_statement() -> None:
    source = (
        'for a in $xs:\n    é = "é", await F(a), await F(\n        await G($xs))\n    await asyncio.gather(F(1), F(2))'
    )
    told: list[str] = []

    async def hook(value: Any) -> Any:
        frame = sys._getframe(1)
        line, _, column, _ = list(frame.f_code.co_positions())[frame.f_lasti // 2]
        assert line is not None
        assert column is not None
        told.append(await_source(source, line - 6, column))
        return await value

    async def f(value: Any) -> Any:
        return value

    names = {"__await__": hook, "F": f, "G": f, "asyncio": asyncio, "__state__": types.SimpleNamespace(xs=[1])}
    asyncio.run(eval(compile_statement(source, None, line=7), names))
    assert told == ["await F(a)", "await G($xs)", "await F(await G($xs))", "await asyncio.gather(F(1), F(2))"]


@given(expressions())
def test_folding_changes_nothing_but_where_lines_end(expression: str) -> None:
    code = with_dollars(expression)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(mark(f"({code})"))
        except SyntaxError:
            return
        one = fold(code)
        assert "\n" not in one
        if "\\\n" not in code and one.count("\\n") == code.count("\\n"):
            assert ast.dump(ast.parse(mark(f"({one})"))) == ast.dump(ast.parse(mark(f"({code})")))
