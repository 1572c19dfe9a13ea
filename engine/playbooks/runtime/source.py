"""What model code, and the Python of a program, is turned into before it is compiled: `$x`, awaits, loops by the turn.

Apart from the player because it is pure: text in, code out. The hooks it calls (`__await__`, `__state__`, …) are
names that the runtime puts where the code looks its globals up. Offsets never change: `$` becomes one letter, so a line
and a column are those of what the model wrote, and compiled code bears the lines of the response it stands in.
"""

from __future__ import annotations

import ast
import functools
import types
import warnings
from collections.abc import Iterable
from typing import Literal

from playbooks.runtime.lexer import Lexer, lines
from playbooks.runtime.rewrite import AGENT, Rewriter, location, name

Stage = Literal["head", "turn", "else", "whole"]
"""Of a top-level loop: evaluating what it walks, one turn, its `else`; or all of it, over what can't be stored."""

MODEL = "<model"
"""The file name of all model code starts with this, so that a frame of it can be told from the engine's."""

REFUSED = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, OverflowError)
"""What `ast.parse` and `compile` raise for what is no Python, depending on the version and the case."""

ASYNC = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
"""Assignments land in the namespace: no wrapper function, no `global`."""


def mark(source: str) -> str:
    """Turns `$x` into a name the parser takes, letter for letter. Strings and comments stay; f-string fields don't."""
    if "$" not in source:
        return source
    lexer = Lexer()
    return mark_at(source, [start + at for start, line in lines(source) for at in lexer.read(line)])


def mark_at(text: str, variables: Iterable[int]) -> str:
    """As `mark` does, when it is known where the `$` of agents' variables are."""
    pieces: list[str] = []
    done = 0
    for at in variables:
        pieces += text[done:at], AGENT
        done = at + 1
    return "".join(pieces) + text[done:] if pieces else text


def unmark(text: str) -> str:
    """Undoes `mark`, in a message of Python's or in unparsed code."""
    return text.replace(AGENT, "$")


def parse(source: str, *, filename: str = f"{MODEL}>", line: int = 1) -> ast.Module:
    """Parses code in which `$x` may stand.

    Args:
        source: The code.
        filename: What an error names.
        line: The number of its first line, for errors; the tree counts from 1.

    Raises:
        SyntaxError: It is none; also for what the parser refuses in other ways (a null byte, too deep a nesting).
    """
    return parse_marked(mark(source), filename=filename, line=line)


def parse_marked(marked: str, *, filename: str = f"{MODEL}>", line: int = 1) -> ast.Module:
    """As `parse`, of code that went through `mark`."""
    try:
        return _parse(marked, filename)
    except REFUSED as first:
        error: Exception = first
        if line > 1 and isinstance(first, SyntaxError):
            try:  # again, further down: the message may name lines too
                _parse("\n" * (line - 1) + marked, filename)
            except REFUSED as second:
                error = second
        raise _located(error, filename, line) from None


@functools.lru_cache(1024)
def parse_statement(source: str) -> ast.stmt:
    """The tree of one statement, `$x` as in `mark`. Shared: not to be changed.

    Raises:
        SyntaxError: It is not one statement.
    """
    body = parse(source).body
    if len(body) != 1:
        raise SyntaxError("one statement expected")
    return body[0]


def loop_of(source: str) -> ast.For | ast.While | None:
    """The tree of a statement that is run by the turn, a top-level `for` or `while`; None: it is another."""
    node = parse_statement(source) if source.startswith(("for", "while")) else None
    return node if isinstance(node, (ast.For, ast.While)) else None


@functools.lru_cache(4096)
def compile_statement(
    source: str, stage: Stage | None, *, filename: str = f"{MODEL}>", line: int = 1
) -> types.CodeType:
    """The code of one top-level statement, or of one stage of a loop. It is for `eval` with the frame's names.

    Args:
        source: The statement, as a `Statement` holds it.
        stage: Of a loop; None is the statement as it stands. `head` leaves `__iterable__`; `turn` takes `__item__`
            (of a `for`) and leaves in `__next__` what comes after it: `turn`, `else` or `done`; `whole` walks
            `__iterable__`.
        filename: The response it stands in; starts with `MODEL`.
        line: Its first line in that response.

    Raises:
        SyntaxError: With the line in the response.
    """
    body = parse(source, filename=filename, line=line).body
    if stage is not None:
        loop = body[0]
        if not isinstance(loop, (ast.For, ast.While)):
            raise ValueError(f"{stage}: only a loop has stages")
        compile_statement(source, None, filename=filename, line=line)  # an error in it shows before any of it runs
        body = _staged(loop, stage)
    return compile_model(body, filename=filename, line=line, notes=False)


def compile_call(source: str, *, filename: str, line: int) -> types.CodeType:
    """The code of a plain call (`plain_calls`) of an engine call's name, for `eval`; it is awaited as it stands.

    Args:
        source: The statement, one line.
        filename: The response it stands in; starts with `MODEL`.
        line: Its line in that response.
    """
    code: types.CodeType = compile(source, filename, "eval", flags=ASYNC, dont_inherit=True)
    return code.replace(co_firstlineno=line)  # the lines of its instructions are counted from there


@functools.lru_cache(256)
def compile_block(source: str, *, filename: str, line: int = 1) -> types.CodeType:
    """The code of a Python block of a program: `$x` allowed, awaits rewritten. It is for `exec` with the agent's names.

    Args:
        source: The block as written.
        filename: What tracebacks name; starts with `MODEL`, like that of all code that was rewritten.
        line: Its first line in the file.

    Raises:
        SyntaxError: With the line in the file.
    """
    return compile_model(parse(source, filename=filename, line=line).body, filename=filename, line=line)


def compile_model(
    body: list[ast.stmt], *, filename: str = f"{MODEL}>", line: int = 1, notes: bool = True
) -> types.CodeType:
    """Rewrites and compiles parsed code. The tree is used up.

    Args:
        body: Statements whose lines count from 1.
        filename: What tracebacks name.
        line: The number their line 1 is to have.
        notes: Whether `x: int = 3` at the top evaluates `int` and keeps `__annotations__`, as Python does.

    Raises:
        SyntaxError: With the line counted from `line`.
    """
    try:
        tree = ast.Module(Rewriter(filename, line - 1, notes).block(body), [])
        # Not inheriting: or the `from __future__` of this file would turn the model's annotations into text.
        code: types.CodeType = compile(tree, filename, "exec", flags=ASYNC, dont_inherit=True)
    except REFUSED as error:
        raise _located(error, filename, line) from None
    return code


def _staged(loop: ast.For | ast.While, stage: Stage) -> list[ast.stmt]:
    """A loop of one round keeps `break`, `continue` and `else` of the body as they are."""
    where = location(loop)

    def outcome(value: str) -> ast.stmt:
        return ast.Assign([name("__next__", loop, ast.Store())], ast.Constant(value, **where), **where)

    if stage == "else":
        return loop.orelse
    if isinstance(loop, ast.While):
        if stage != "turn":
            raise ValueError(f"{stage}: a while loop has no such stage")
        once: ast.expr = ast.Constant(0, **where)
        turn = ast.For(
            name("__once__", loop, ast.Store()),
            ast.Tuple([once], ast.Load(), **where),
            loop.body,
            [outcome("turn")],
            **where,
        )
        return [outcome("else"), ast.If(loop.test, [outcome("done"), turn], [], **where)]
    if stage == "head":
        return [ast.Assign([name("__iterable__", loop, ast.Store())], loop.iter, **where)]
    if stage == "turn":
        once = name("__item__", loop)
        turn = ast.For(loop.target, ast.Tuple([once], ast.Load(), **where), loop.body, [outcome("turn")], **where)
        return [outcome("done"), turn]
    loop.iter = name("__iterable__", loop)
    return [loop]


def _parse(marked: str, filename: str) -> ast.Module:
    if "\\" not in marked:
        return ast.parse(marked, filename)
    with warnings.catch_warnings():  # `"\d"` in what a model says is no news
        warnings.simplefilter("ignore")
        return ast.parse(marked, filename)


def _located(error: Exception, filename: str, line: int) -> SyntaxError:
    """As a `SyntaxError` that has a line and names `$x` as the model wrote it."""
    if not isinstance(error, SyntaxError):
        what = unmark(str(error))
        if isinstance(error, (RecursionError, MemoryError)):
            what = "too deeply nested"
        elif isinstance(error, UnicodeError):
            what = "source code holds half a surrogate pair"
        return SyntaxError(what, (filename, line, None, None))
    error.msg, error.filename = unmark(error.msg), filename
    error.text = unmark(error.text) if error.text else error.text
    error.lineno = error.lineno or line
    return error
