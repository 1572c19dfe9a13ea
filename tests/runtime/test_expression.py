"""The expression language: safe on any text and any data, and Python's on what it knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.checkpoints.codec import Record, decode, encode
from playbooks.runtime.expression import ExpressionError, parse_expression

NAMES: dict[str, Any] = {"a": 3, "b": -7, "c": 2.5, "t": "text", "l": [1, 2, 3], "d": {"k": 1, 2: "two"}, "n": None}


def value(text: str, **names: Any) -> Any:
    return parse_expression(text).value(names)


@given(st.text(max_size=80))
def test_no_text_raises_anything_but_its_own_error(text: str) -> None:
    try:
        parse_expression(text).value(NAMES)
    except ExpressionError as error:
        assert error.what
        assert "\n" not in str(error)


_TOKENS = st.sampled_from(
    [*"+-*/%()[]{}<>=.,:$!~@^|& 0123", "**", "//", "==", "a", "l", "d", "t", "$a", " and ", " not ", " in ", " is ",
     "len(", '"x"', "9999", "lambda", " if ", " else ", " for ", ".a", "f'{a}'", "b'y'", "1e300", "1j", "None"]
)  # fmt: skip


@given(st.lists(_TOKENS, max_size=25).map("".join))
def test_no_run_of_tokens_raises_anything_but_its_own_error(text: str) -> None:
    try:
        parse_expression(text).value(NAMES)
    except ExpressionError:
        pass


def _expressions() -> st.SearchStrategy[str]:
    atoms = st.sampled_from(
        ["a", "b", "c", "t", "l", "d", "n", "0", "1", "2", "-3", "1.5", "'k'", "'te'", "True", "None", "[1, 2]",
         "(1, 'x')", "{'k': 2}", "{1, 2}", "()", "l[0]", "l[1:]", "d['k']", "len(l)", "len(t)", "t[0]"]
    )  # fmt: skip

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.sampled_from(
            [
                "+",
                "-",
                "*",
                "/",
                "//",
                "%",
                "==",
                "!=",
                "<",
                "<=",
                ">",
                ">=",
                "and",
                "or",
                "in",
                "not in",
                "is",
                "is not",
            ]
        )
        return st.one_of(
            st.tuples(inner, binary, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
            st.tuples(inner, st.sampled_from(["<", "=="]), inner, inner).map(
                lambda p: f"({p[0]} {p[1]} {p[2]} < {p[3]})"
            ),
            st.tuples(st.sampled_from(["not ", "-", "+"]), inner).map(lambda parts: f"({parts[0]}{parts[1]})"),
            inner.map(lambda part: f"[{part}]"),
            inner.map(lambda part: f"len({part})"),
            st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
        )

    return st.recursive(atoms, larger, max_leaves=8)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@given(_expressions())
def test_it_agrees_with_python_on_what_it_knows(text: str) -> None:
    try:
        expected: Any = eval(text, {"__builtins__": {"len": len}}, dict(NAMES))
    except Exception as error:
        with pytest.raises(ExpressionError):
            parse_expression(text).value(NAMES)
        assert not isinstance(error, NameError)
        return
    try:
        found = parse_expression(text).value(NAMES)
    except ExpressionError as error:
        assert "format" in error.what or "longer than" in error.what, text
        return
    assert repr(found) == repr(expected)


@pytest.mark.parametrize(
    "text",
    ["9**9**9", "2**-99999999", "'a'*10**9", "[0]*10**8", "(1,)*10**8", "10**4000*10**4000", "l*999999999",
     "t+t*999999", "'%999999999d' % 1", "b'x'*10**10", "(" * 3000 + ")" * 3000, "-" * 1999 + "1", "[" * 900 + "]" * 900,
     "\0",
     "1" * 1900,
     "a." + "b." * 900 + "c"]
)  # fmt: skip
def test_nothing_huge_is_made(text: str) -> None:
    try:
        found = parse_expression(text).value(NAMES)
    except ExpressionError:
        return
    assert len(repr(found)) < 5_000


def test_a_value_that_refers_to_itself_is_compared_without_harm() -> None:
    loop: list[Any] = []
    loop.append(loop)
    other: list[Any] = []
    other.append(other)
    with pytest.raises(ExpressionError, match="nested too deep"):
        value("x == y", x=loop, y=other)


def test_a_dollar_name_is_the_agents_and_a_bare_one_the_frames_first() -> None:
    names = {"$price": 80, "price": 70, "$only": 1, "bare": 2}
    for text, expected in [("$price", 80), ("price", 70), ("only", 1), ("$bare", 2), ("'$price'", "$price")]:
        assert parse_expression(text).value(names) == expected
    assert parse_expression("$price < price or x").names == ("$price", "price", "x")


class Order:
    def __init__(self) -> None:
        self.total = 9
        self.lines = ["pen"]


def test_attributes_are_those_of_decoded_instances_and_no_method_is_reached() -> None:
    order = decode(encode(Order()).data)
    assert isinstance(order, Record)
    assert value("o.total > 8 and 'pen' in o.lines", o=order) is True
    for text, said in [
        ("o.missing", "Order has no attribute missing"),
        ("o.__class__", ".__class__ is not data"),
        ("t.upper", "str has no attributes here"),
        ("o[0]", "can't be indexed"),
        ("d.k", 'a dict has no attributes: write ["k"]'),
    ]:
        with pytest.raises(ExpressionError, match=said.replace("[", r"\[")):
            value(text, o=order, t="text", d={"k": 1})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"an expression is missing; such as \$price < 80"),
        ("$price = 80", "compare with =="),
        ("print(1)", "nothing can be called here but len"),
        ("len(1, 2)", "nothing can be called here but len"),
        ("t.upper()", "nothing can be called here but len"),
        ("missing", "there is no variable missing here"),
        ("$missing", r"there is no variable \$missing here"),
        ("1 / 0", "division by zero"),
        ("d['x']", "there is no key 'x'"),
        ("l[9]", "out of range"),
        ("1 + t", "unsupported operand"),
        ("[x for x in l]", "a comprehension is not known here"),
        ("f'{a}'", "an f-string is not known here"),
        ("a if b else c", "if … else is not known here"),
        ("a & b", "of the operators"),
        ("x" * 3000, "longer than"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        parse_expression(text).value(NAMES)
