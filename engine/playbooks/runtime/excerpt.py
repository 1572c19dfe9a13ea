"""A piece of code on one line, for people: the `await` that a checkpoint stands for.

Apart from `source` because nothing runs differently for it.
"""

from __future__ import annotations

import ast
import functools
import io
import keyword
import re
import tokenize

from playbooks.runtime.source import mark, parse_statement, unmark

LINE_END = re.compile(r"\r\n|\r|\n")
CALLED = re.compile(r"[\w)\]]$")
SKIPPED = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT)
FORMAT_STARTS = {getattr(tokenize, kind, -1) for kind in ("FSTRING_START", "TSTRING_START")} - {-1}
FORMAT_ENDS = {getattr(tokenize, kind, -1) for kind in ("FSTRING_END", "TSTRING_END")} - {-1}


def awaits(source: str) -> list[tuple[str, int]]:
    """Each `await` of a statement, on one line, with the line in it that it stands in, from 1."""
    try:
        nodes = [node for node in ast.walk(parse_statement(source)) if isinstance(node, ast.Await)]
    except (SyntaxError, RecursionError, ValueError):
        return []
    return [(await_source(source, node.lineno, node.col_offset), node.lineno) for node in nodes]


@functools.lru_cache(1024)
def await_source(source: str, lineno: int, col: int) -> str:
    """An `await` of a statement, on one line, as contracts give it: `await Say("user", "hi")`.

    Args:
        source: The statement.
        lineno: Where the code that waits stands, counted from 1 in the statement.
        col: Its column, as `co_positions` gives it for code that was compiled here.

    Returns:
        The innermost `await` around that place; the first, when there is none around it; all of the statement, when
        there is none in it.
    """
    place = (lineno, col)
    try:
        found = [node for node in ast.walk(parse_statement(source)) if isinstance(node, ast.Await)]
    except SyntaxError:
        return fold(source)
    if not found:
        return fold(source)
    around = [node for node in found if _start(node) <= place <= (node.end_lineno or 0, node.end_col_offset or 0)]
    node = max(around, key=_start) if around else min(found, key=_start)
    return fold(unmark(ast.get_source_segment(mark(source), node) or source))


def fold(code: str) -> str:
    """Code on one line: without its comments, line ends as spaces, those in strings as `\\n`.

    Args:
        code: An expression or a statement.
    """
    code = code.strip()
    if not LINE_END.search(code):
        return code
    marked = LINE_END.sub("\n", mark(code))
    rows = [f"({row}" if number == 0 else row for number, row in enumerate(f"{marked}\n)".split("\n"))]
    try:
        return unmark("".join(_folded(rows)))[1:-1]
    except (tokenize.TokenError, SyntaxError, IndexError):
        return " ".join(code.split())


def _folded(rows: list[str]) -> list[str]:
    pieces: list[str] = []
    calls: list[bool] = []
    """Of each open bracket, whether it is a call's: there a comma before its end says nothing."""
    row, column, within = 1, 0, 0
    for token in tokenize.generate_tokens(io.StringIO("\n".join(rows)).readline):
        if token.type in SKIPPED:
            continue
        if within:
            pieces.append(_between(rows, (row, column), token.end))
        else:
            last = pieces[-1] if pieces else ""
            if token.start[0] == row:
                pieces.append(_between(rows, (row, column), token.start))
            elif last == "," and token.string == ")" and calls[-1:] == [True]:
                pieces.pop()
            elif last not in ("(", "[", "{") and token.string not in (")", "]", "}"):
                pieces.append(" ")
            if token.string in ("(", "[", "{"):
                calls.append(token.string == "(" and CALLED.search(last) is not None and not keyword.iskeyword(last))
            elif token.string in (")", "]", "}"):
                calls.pop()
            pieces.append(token.string.replace("\n", "\\n"))
        within += (token.type in FORMAT_STARTS) - (token.type in FORMAT_ENDS)
        row, column = token.end
    return pieces


def _between(rows: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return rows[start[0] - 1][start[1] : end[1]]
    lines = [rows[start[0] - 1][start[1] :], *rows[start[0] : end[0] - 1], rows[end[0] - 1][: end[1]]]
    return "\\n".join(lines)


def _start(node: ast.Await) -> tuple[int, int]:
    return node.lineno, node.col_offset
