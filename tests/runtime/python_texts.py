"""Python programs as text, for properties that hold for any program and any chunking.

Agents' variables are written `⟦x⟧`: a test puts `$x` there, or what it expects `$x` to become, so the code that finds
them is not asked where they are.
"""

from __future__ import annotations

import ast
import functools
import os
import random
import sys
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st

NESTED = sys.version_info >= (3, 12)

NAMES = st.sampled_from(
    ["a", "items", "été", "x1", "match", "case", "type", "elsewhere", "exception", "finallyx", "f", "rb"]
)
TEXTS = st.sampled_from(
    [
        "",
        "hi",
        "it costs $5",
        "$price",
        "${price}",
        "# no comment",
        "é…💥",
        "(",
        "]",
        "\\n",
        "\\\\",
        "```",
        "else:",
        "{{$x}}",
        "\t",
    ]
)
LONG_TEXTS = st.sampled_from(["\nelse:\n", "\n```\nx = 1\n", "'", '"', '\\"""', "\n\n$x\n", "\\\n", "\n#", "\nif x:\n"])
SPACES = st.sampled_from(["", " ", "\n", "\n  ", " # c 'q\n", "\n\n", " \\\n", "\t"])


def _field_texts(draw: st.DrawFn, quote: str) -> str:
    """A field of an f-string whose quote is `quote`."""
    other = "'" if quote[0] == '"' else '"'
    options = [
        "a",
        "⟦x⟧",
        "⟦x⟧.y",
        f"d[{other}k{other}]",
        "⟦xs⟧[0]",
        "f(⟦x⟧, b)",
        "(lambda: ⟦x⟧)()",
        "{1: ⟦x⟧}[1]",
        "a if b else ⟦c⟧",
    ]
    options += ["a != b", "[i for i in ⟦xs⟧]", f"{other}${other}", "await F(⟦x⟧)", "(y := ⟦x⟧)"]
    if NESTED:
        options += [
            f"{quote[0]}$x{quote[0]}",
            f"f{quote[0]}{{⟦x⟧}} $y{quote[0]}",
            f"d[{quote[0]}é{quote[0]}]",
            "(\n⟦x⟧)",
            "a # $c }\n",
        ]
    if len(quote) == 3:
        options += ["(\na)", f"f{other}{{⟦x⟧}}${other}"]
    expression = draw(st.sampled_from(options))
    if expression.startswith("{"):
        expression = " " + expression
    ending = draw(st.sampled_from(["", "", "!r", ":>10", ":.2f", ":$>{⟦w⟧}", "!s:{⟦w⟧}.{p}", " = ", "=:{w}", ":$name"]))
    if "\n" in expression and not NESTED and len(quote) == 1:
        expression = "a"
    return "{" + expression + ending + "}"


@st.composite
def strings(draw: st.DrawFn) -> str:
    """A literal of any kind."""
    quote = draw(st.sampled_from(["'", '"', "'''", '"""']))
    prefix = draw(st.sampled_from(["", "", "r", "u", "f", "F", "rf", "fR"]))
    pieces: list[str] = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.integers(0, 4))
        if kind == 0 and len(quote) == 3:
            piece = draw(LONG_TEXTS)
        elif kind <= 2 and "f" in prefix.lower():
            piece = _field_texts(draw, quote)
        else:
            piece = draw(TEXTS)
        if "f" in prefix.lower() and not piece.startswith("{"):
            piece = piece.replace("{", "{{").replace("}", "}}").replace("{{{{", "{{").replace("}}}}", "}}")
        if len(quote) == 1 and not piece.startswith("{"):
            piece = piece.replace(quote, "").replace("\n", "")
        pieces.append(piece)
    text = "".join(pieces)
    if text.endswith(("\\", quote[0])) or text.startswith(quote[0]):
        text = f" {text} "
    return prefix + quote + text + quote


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:
    """An expression; it may go over several lines within brackets."""
    kind = draw(st.integers(0, 15 if depth else 4))
    inner = expressions(depth - 1) if depth else NAMES

    def spaces() -> str:
        return draw(SPACES)

    if kind == 0:
        return draw(NAMES)
    if kind == 1:
        return "⟦x⟧" if draw(st.booleans()) else "⟦größe⟧.y[0]"
    if kind == 2:
        return draw(st.sampled_from(["1", "0x1f", "1_000", "3.", "1e5", "...", "None"]))
    if kind in (3, 4):
        return draw(strings())
    one, two = draw(inner), draw(inner)
    return [
        lambda: f"await Say({spaces()}{one},{spaces()}{two}{spaces()})",
        lambda: f"F(k={one}, *{two},)",
        lambda: f"[{spaces()}{one},{spaces()}{two}]",
        lambda: "{" + f"{spaces()}{one}: {two}" + "}",
        lambda: f"[{one} for i in ⟦xs⟧ if {two}]",
        lambda: f"(lambda k=⟦x⟧: {one})",
        lambda: f"({one} if {two} else ⟦y⟧)",
        lambda: f"(w := {one})",
        lambda: f"d[{one}:{spaces()}{two}]",
        lambda: f"({one}{spaces()}+ {two})",
        lambda: f"{one} or {two}",
    ][kind - 5]()


SIMPLE = [
    "{0}",
    "a = {0}",
    "⟦x⟧ = {0}",
    "⟦x⟧ += {0}",
    "⟦a⟧, (b, *⟦c⟧) = {0}",
    "n: int = {0}",
    "⟦n⟧: int",
    "pass",
    "del ⟦x⟧, ⟦d⟧[{0}]",
    "import os.path as p",
    "from a import (b,\n  c)",
    "assert {0}, {1}",
    "raise {0} from {1}",
    "global g",
    "a = \\\n  {0}",
    "await Say('user', {0})",
    "match = {0}",
    "match({0})",
    "match[{0}]: int = 1",
    "print(⟦x⟧)",
    "type(x)",
    "if_ = {0}",
    "return {0}",
]
HEADS = [
    ("if {0}:", ["elif {0}:", "else:"]),
    ("while {0}:", ["else:"]),
    ("for ⟦x⟧, i in {0}:", ["else:"]),
    ("async for i in {0}:", ["else :"]),
    ("try:", ["except E as e:", "else:", "finally:"]),
    ("try:", ["finally:"]),
    ("try:", ["except* E:"]),
    ("with {0} as ⟦x⟧, b:", []),
    ("async with {0}:", []),
    ("def f(a, b=⟦x⟧, *c) -> {0}:", []),
    ("async  def f(a: '$n' = {0}):", []),
    ("class A({0}):", []),
    ("@d\n{i}@d({0})\n{i}def f():", []),
    ("@d # c\n\n{i}# c\n{i}async def f():", []),
]


@st.composite
def statement_texts(draw: st.DrawFn, indent: str = "", depth: int = 2) -> str:
    """A statement, with its indentation and its line end."""
    noise = draw(
        st.sampled_from(["", "", "", "\n", "  \n", "# else:\n", "        # $x '\n", "\t# é\n", "\f\n", "\r\n"])
    )
    one, two = draw(expressions()), draw(NAMES)
    if depth == 0 or draw(st.booleans()):
        parts = [
            draw(st.sampled_from(SIMPLE)).format(one, two, i=indent)
            for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3])))
        ]
        return (
            noise
            + indent
            + draw(st.sampled_from(["; ", ";", " ;  "])).join(parts)
            + draw(st.sampled_from(["", "", ";", "  # c", " \t"]))
            + "\n"
        )
    if draw(st.integers(0, 9)) == 0:
        body = draw(statement_texts(indent + "    ", 0))
        return f"{noise}{indent}match {one}:\n{indent}  case [a, *b]:\n{body}{indent}  case _: pass\n"
    head, more = draw(st.sampled_from(HEADS))
    text = noise
    for number, clause in enumerate([head, *more]):
        if number and "*" not in clause and len(more) > 1 and draw(st.integers(0, 3)) == 0 and "try" not in head:
            continue
        text += indent + clause.format(one, i=indent)
        if draw(st.integers(0, 3)) == 0:
            text += draw(st.sampled_from([" pass", " a = 1; b = ⟦x⟧", "x += 1 # c"])) + "\n"
        else:
            deeper = indent + draw(st.sampled_from(["    ", " ", "\t"]))
            text += draw(st.sampled_from(["", " ", "  # c"])) + "\n"
            text += "".join(draw(st.lists(statement_texts(deeper, depth - 1), min_size=1, max_size=2)))
    return text


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A program, with agents' variables as `⟦x⟧`."""
    text = "".join(draw(st.lists(statement_texts(), max_size=4)))
    text += draw(st.sampled_from(["", "", "# end", "\n\n"]))
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.integers(0, 4)) == 0:
        text = text.replace("\r\n", "\n").replace("\n", draw(st.sampled_from(["\r\n", "\r"])))
    assume(_is_program(text))
    return text


def _is_program(text: str) -> bool:
    """Pieces of strings may happen to form a quote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text.replace("⟦", "_").replace("⟧", ""))
        except SyntaxError:
            return False
    return True


def with_dollars(program: str) -> str:
    """As a model writes it."""
    return program.replace("⟦", "$").replace("⟧", "")


@st.composite
def chunkings(draw: st.DrawFn, text: str) -> list[str]:
    """The text in chunks, cut anywhere: by the character, by the token of a model, or at once."""
    size = draw(st.sampled_from([1, 2, 7, 40, 10_000]))
    if draw(st.booleans()):
        return [text[at : at + size] for at in range(0, len(text), size)]
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=30)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@functools.cache
def library_files() -> list[Path]:
    """Modules of the standard library, of a size that keeps tests quick."""
    folder = Path(os.__file__).parent
    return sorted(path for path in folder.glob("*.py") if path.stat().st_size < 60_000)


def library_text(path: Path) -> str:
    """A module as text, with its own line ends."""
    with path.open("rb") as file:
        encoding = tokenize.detect_encoding(file.readline)[0]
    return path.read_bytes().decode(encoding.replace("-sig", ""))


def random_chunks(text: str, seed: int) -> Iterator[str]:
    """Cuts a long text, without the cost of drawing each cut."""
    pick, at = random.Random(seed), 0
    while at < len(text):
        size = pick.choice([1, 2, 3, 5, 80, 3000])
        yield text[at : at + size]
        at += size
