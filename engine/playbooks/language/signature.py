"""A playbook's heading, `Haggle($price:int, limit=10) -> str`, as a name, parameters and a result.

Apart because it is the one place where prose and Python meet on a line: brackets and quotes decide where a part ends.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator

import msgspec

from playbooks.language.dollar import MARK, mark, unmark
from playbooks.language.keyvalues import shorten
from playbooks.language.model import Parameter

_TOKEN = re.compile(r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<open>[(\[{])|(?P<close>[)\]}])|.""", re.S)
_ARROW = re.compile(r"[ \t]*->[ \t]*(.*)", re.S)

_NAMES: dict[type[ast.AST], tuple[str, ...]] = {
    ast.FunctionDef: ("name",),
    ast.AsyncFunctionDef: ("name",),
    ast.ClassDef: ("name",),
    ast.arg: ("arg",),
    ast.keyword: ("arg",),
    ast.alias: ("name", "asname"),
    ast.Attribute: ("attr",),
    ast.Global: ("names",),
    ast.Nonlocal: ("names",),
    ast.ExceptHandler: ("name",),
    ast.MatchAs: ("name",),
    ast.MatchStar: ("name",),
    ast.MatchMapping: ("rest",),
}
"""Where a tree holds names that are no expressions."""

Wrong = Callable[[str, str], None]
"""Told what is wrong with the heading, and what to do."""


class Signature(msgspec.Struct, frozen=True):
    """The parts of a heading."""

    title: str
    """The words before the parameters."""
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""


def read_signature(heading: str, wrong: Wrong) -> Signature:
    """Take a playbook's heading apart.

    Args:
        heading: The text after `##`.
        wrong: Told of each mistake; the reading goes on.

    Returns:
        What could be read.
    """
    place, arrow = heading.find("("), heading.find("->")
    if place < 0 or 0 <= arrow < place:
        title, _, returns = heading.partition("->")
        if arrow >= 0:
            _check_returns(returns.strip(), wrong)
        return Signature(title.strip(), (), returns.strip())
    end = _closing(heading, place)
    if end < 0:
        wrong("the parameter list is never closed", "end it with )")
        return Signature(heading[:place].strip())
    title, inner, rest = heading[:place].strip(), heading[place + 1 : end], heading[end + 1 :]
    returns = ""
    if result := _ARROW.fullmatch(rest):
        returns = result[1].strip()
        _check_returns(returns, wrong)
    elif rest.strip():
        wrong(f"cannot read {shorten(rest)} after the parameters", "end the heading with ) or with ) -> type")
    return Signature(title, _parameters(inner, wrong), returns)


def write_signature(name: str, parameters: tuple[Parameter, ...], returns: str) -> str:
    """The heading that reads as this name, these parameters and this result."""
    written = []
    for parameter in parameters:
        annotation = f":{parameter.annotation}" if parameter.annotation else ""
        default = f"={parameter.default}" if parameter.default is not None else ""
        written.append(f"${parameter.name}{annotation}{default}")
    return f"{name}({', '.join(written)})" + (f" -> {returns}" if returns else "")


def expression_error(source: str) -> str:
    """Why Python does not read a text as one expression; empty when it does. `$x` is legal."""
    if not source.strip():
        return "it is empty"
    if any(depth < 0 for _, _, depth in _tokens(source)):
        return "a bracket closes what was never opened"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({mark(source)}\n)", mode="eval")
    except SyntaxError as error:
        return unmark(error.msg or "invalid syntax")
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or "it is nested too deep"
    return misplaced_dollar(tree)


def misplaced_dollar(tree: ast.AST) -> str:
    """Tell of a `$x` where Python wants a plain name, a parameter or an import; empty when there is none."""
    for node in ast.walk(tree):
        for part in _NAMES.get(type(node), ()):
            found = getattr(node, part)
            for name in found if isinstance(found, list) else [found]:
                if isinstance(name, str) and name.startswith(MARK):
                    return f"{unmark(name)} cannot stand here, use a plain name"
    return ""


def _parameters(inner: str, wrong: Wrong) -> tuple[Parameter, ...]:
    pieces = list(_split(inner, ","))
    if not pieces[-1].strip():  # `()` and a comma at the end
        pieces.pop()
    found: list[Parameter] = []
    for piece in pieces:
        parameter = _parameter(piece.strip(), wrong)
        if parameter is None:
            continue
        if any(parameter.name == before.name for before in found):
            wrong(f"the parameter ${parameter.name} is given twice", "rename one of them")
            continue
        if parameter.default is None and found and found[-1].default is not None:
            wrong(
                f"${parameter.name} has no default but follows one that has",
                "put parameters with a default last",
            )
        found.append(parameter)
    return tuple(found)


def _parameter(text: str, wrong: Wrong) -> Parameter | None:
    if not text:
        wrong("a parameter is missing between two commas", "write ($a, $b)")
        return None
    before, default = _partition(text, "=")
    name, annotation = _partition(before, ":")
    name = unicodedata.normalize("NFKC", name.strip().removeprefix("$"))
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith(MARK):
        wrong(f"{shorten(text)} is no parameter", "write $name, $name:type or $name=default")
        return None
    for what, source in (("type", annotation), ("default", default)):
        if source is not None and (why := expression_error(source)):
            wrong(f"the {what} of ${name} is no Python: {why}", f"correct {shorten(source) or 'it'}")
    return Parameter(name, (annotation or "").strip(), None if default is None else default.strip())


def _check_returns(returns: str, wrong: Wrong) -> None:
    if why := expression_error(returns):
        wrong(f"the type after -> is no Python: {why}", "write -> str, or leave the arrow out")


def _tokens(text: str, start: int = 0) -> Iterator[tuple[int, str, int]]:
    """Place, text and depth of each character or string; a bracket has the depth outside it."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token["close"]:
            depth -= 1
        yield token.start(), token[0], depth
        if token["open"]:
            depth += 1


def _closing(text: str, start: int) -> int:
    return next((place for place, token, depth in _tokens(text, start) if depth == 0 and token in ")]}"), -1)


def _split(text: str, separator: str) -> Iterator[str]:
    begin = 0
    for place, token, depth in _tokens(text):
        if token == separator and depth == 0:
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]


def _partition(text: str, separator: str) -> tuple[str, str | None]:
    """At the first separator outside brackets and quotes; None when there is none."""
    for place, token, depth in _tokens(text):
        if token == separator and depth == 0:
            return text[:place], text[place + 1 :]
    return text, None
