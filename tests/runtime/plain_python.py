"""Model code run by Python alone: what it must come to under the engine too.

Apart from the engine's runs because it shares nothing with them but the code.
"""

from __future__ import annotations

import ast
import asyncio
from typing import Any


class _Returned(Exception):
    """Ends the code, as `Return` does."""


def in_plain_python(code: str) -> Any:
    """What the code returns, each of its statements run as a module's are.

    Args:
        code: With `Wait` and `Return` as the only names that Python has not.
    """

    async def wait(turns: int, value: Any = None) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns if value is None else value

    async def end(value: Any) -> None:
        raise _Returned(value)

    names = {"Wait": wait, "Return": end, "asyncio": asyncio, "__name__": "builtins"}

    async def run() -> Any:
        try:
            for statement in ast.parse(code).body:
                compiled = compile(
                    ast.Module([statement], []), "<plain>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
                )
                if (result := eval(compiled, names)) is not None:
                    await result
        except _Returned as error:
            return error.args[0]
        raise AssertionError("it returns nothing")

    return asyncio.run(run())
