"""`$x` is a name where Python reads code, and a dollar where it reads text."""

from __future__ import annotations

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.language import ExpressionPart, TextPart, mark, split_description, unmark
from playbooks.language.dollar import MARK

# Each is whole Python; § stands for a dollar that is a variable's, $ for one that stays.
PIECES = [
    "x = 1",
    "§x = §y + z",
    "§orders[§key].append(f(§_a1, é=§é))",
    "'$x'",
    '"$x" + §x + "\\"$x"',
    "'''$x '' \" $x\n$x'''",
    '"""$x\\"""$x""" + §x',
    "# $x and '",
    "a = §x  # $x",
    "r'\\$x' + §x",
    "b'$x'",
    "rb'\\$x'",
    "f'{§x} $x {{$x}} {§x!r:>{§w}.{§p}}'",
    "F\"{'$x' + §x} {§d['k']}\"",
    "rf'\\{§x} $x'",
    "f'\\N{DOLLAR SIGN}$x {§x}'",
    "f'''{\n§x\n} $x ' '''",
    "f'{f\"{§x} $x\"}'",
    "f'{(lambda y: §x)(1)} {{$x}}'",
    "f'{ {1: §x}[1] }'",
    "half = 'f' '$x'",
    "'' if §x else ''",
    "f'' '$x'",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_only_the_dollars_of_code_are_marked(pieces: list[str]) -> None:
    source = "\n".join(pieces)
    marked = mark(source.replace("§", "$"))
    assert marked == source.replace("§", MARK)
    assert unmark(marked) == source.replace("§", "$")
    ast.parse(marked)


@given(st.text(alphabet="$x'\"{}\\\nfr:#[]() !=", max_size=60))
def test_any_text_is_marked_without_losing_a_line_or_a_letter(source: str) -> None:
    marked = mark(source)
    assert unmark(marked) == source
    assert marked.count("\n") == source.count("\n")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="such f-strings are legal from Python 3.12 on")
def test_an_f_string_may_hold_its_own_quotes() -> None:
    assert mark('f"{$d["$k"]} $x"') == f'f"{{{MARK}d["$k"]}} $x"'


def test_a_description_is_split_into_text_and_expressions() -> None:
    parts = split_description('Order {$order["}"]}:\n{{x}} {} costs ${price}.')
    assert parts == (
        TextPart("Order "),
        ExpressionPart('$order["}"]', 0),
        TextPart(":\n{x} {} costs $"),
        ExpressionPart("price", 1),
        TextPart("."),
    )


def test_in_a_code_fence_only_variables_are_expressions() -> None:
    parts = split_description('```json\n{"a": {$x}}\n```\n{y}')
    assert [part.source for part in parts if isinstance(part, ExpressionPart)] == ["$x", "y"]
    assert parts[0] == TextPart('```json\n{"a": ')


def test_a_shorter_fence_inside_a_fence_ends_nothing() -> None:
    parts = split_description("````\n```\n{not this}\n````\n{this}")
    assert [part.source for part in parts if isinstance(part, ExpressionPart)] == ["this"]


@pytest.mark.parametrize("wrong", ["{1 +}", "{}}{", "{)(}", "{1)+(2}", "{a b}", "{x!r}", "{$x.$y}", "{\n}", "{'}"])
def test_an_expression_that_is_no_python_says_why(wrong: str) -> None:
    errors = [part.error for part in split_description(wrong) if isinstance(part, ExpressionPart)]
    assert len(errors) == 1
    assert errors[0]


@given(st.text(alphabet="{}$x'\"`\n ab", max_size=60))
def test_any_description_can_be_split_and_keeps_its_text(description: str) -> None:
    parts = split_description(description)
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    assert all(texts)
    if not any(isinstance(part, ExpressionPart) for part in parts):
        assert "".join(texts).replace("{", "").replace("}", "") == description.replace("{", "").replace("}", "")
