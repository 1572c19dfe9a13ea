"""The one expression language: conditions of breakpoints, log points and watches, over decoded plain data.

Apart because it must be safe on any text and any data: it walks Python's syntax tree itself, so no code of a program or
a model runs, nothing is called but `len`, and no result is larger than the data it came from by more than a bound.

Names (`price`, `$price`), attributes, indexing and slices, arithmetic, comparison, `and or not`, `len`, literals. On
these it agrees with Python.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playbooks.checkpoints.codec import Described, Record
from playbooks.errors import UserError
from playbooks.language.dollar import MARK, mark, unmark

LONGEST: Final = 2_000
"""Characters of an expression."""
_MOST_BITS: Final = 10_000
_MOST_ITEMS: Final = 1_000_000
"""Of a text or sequence that `+` or `*` makes."""


class ExpressionError(UserError):
    """The text is no expression of the language, or has no value here."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, read once and evaluated often."""

    text: str
    """As written, without space around it."""
    names: tuple[str, ...]
    """What it looks up, in order of appearance: `$price`, `offer`."""
    _node: ast.expr = field(repr=False, compare=False)

    def value(self, names: Mapping[str, Any]) -> Any:
        """What it gives.

        Args:
            names: Decoded data by name, an agent's own variables under `$name`. `$x` looks for `$x`, then `x`; a bare
                `x` for `x`, then `$x`.

        Raises:
            ExpressionError: A name is unknown, or the data does not take the operation.
        """
        try:
            return _value(self._node, names)
        except ExpressionError:
            raise
        except ZeroDivisionError:
            raise ExpressionError("division by zero") from None
        except KeyError as error:
            raise ExpressionError(f"there is no key {_brief(error.args[0] if error.args else '')}") from None
        except IndexError:
            raise ExpressionError("the index is out of range") from None
        except RecursionError:
            raise ExpressionError("it is nested too deep") from None
        except (TypeError, ValueError, ArithmeticError, MemoryError, AttributeError) as error:
            raise ExpressionError(_brief(str(error) or type(error).__name__, quote=False)) from None

    def truth(self, names: Mapping[str, Any]) -> bool:
        """Whether its value counts as true.

        Raises:
            ExpressionError: As `value`.
        """
        return bool(self.value(names))

    def __str__(self) -> str:
        return self.text


def parse_expression(text: str) -> Expression:
    """Reads an expression.

    Raises:
        ExpressionError: It is empty, too long, no expression, or uses what the language has not.
    """
    text = text.strip()
    if not text:
        raise ExpressionError("an expression is missing", "such as $price < 80")
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression is longer than {LONGEST} characters")
    if MARK in text:
        raise ExpressionError(f"{MARK} is no name")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = ast.parse(mark(text), mode="eval").body
            names = tuple(dict.fromkeys(_check(node)))
    except SyntaxError as error:
        said = unmark(error.msg or "wrong").partition(" (<")[0]
        raise ExpressionError(f"{_brief(text)} is no expression: {said}", _hint(text)) from None
    except (RecursionError, MemoryError, ValueError, OverflowError):
        raise ExpressionError(f"{_brief(text)} is no expression: nested too deep, or no text") from None
    return Expression(text, names, node)


def _hint(text: str) -> str:
    plain = text.replace("==", "").replace("<=", "").replace(">=", "").replace("!=", "")
    return "compare with ==" if "=" in plain else ""


def _brief(value: object, *, quote: bool = True) -> str:
    from playbooks.checkpoints.describe import show

    if isinstance(value, str) and not quote:
        return " ".join(unmark(value).split())[:200]
    return unmark(show(value, 60))


# -- what is allowed ---------------------------------------------------------------------------------------------------

_BINARY: Final[dict[type, str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
}  # fmt: skip
_PLAIN: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_COMPARE: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}
_UNARY: Final[dict[type, Callable[[Any], Any]]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_CONSTANTS: Final = (int, float, complex, str, bytes, bool, type(None), type(...))
_WHAT: Final[dict[type, str]] = {
    ast.Lambda: "lambda", ast.IfExp: "if … else", ast.ListComp: "a comprehension", ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension", ast.GeneratorExp: "a comprehension", ast.Await: "await", ast.Yield: "yield",
    ast.YieldFrom: "yield", ast.JoinedStr: "an f-string", ast.NamedExpr: ":=", ast.Starred: "*",
}  # fmt: skip


def _check(node: ast.expr) -> list[str]:
    """The names an expression looks up.

    Raises:
        ExpressionError: It uses what the language has not.
    """
    names: list[str] = []
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Call):
            named = isinstance(part.func, ast.Name) and part.func.id == "len"
            if not named or len(part.args) != 1 or part.keywords or isinstance(part.args[0], ast.Starred):
                raise ExpressionError("nothing can be called here but len(…)")
            pending.append(part.args[0])
            continue
        if isinstance(part, ast.Name):
            names.append(unmark(part.id))
        elif isinstance(part, ast.Attribute):
            if part.attr.startswith("__"):
                raise ExpressionError(f".{part.attr} is not data")
        elif isinstance(part, ast.Constant):
            if type(part.value) not in _CONSTANTS:
                raise ExpressionError("only plain literals are known here")
        elif isinstance(part, ast.BinOp):
            if type(part.op) not in _BINARY:
                raise ExpressionError("of the operators + - * / // % ** are known here")
        elif isinstance(part, ast.UnaryOp):
            if type(part.op) not in _UNARY:
                raise ExpressionError("~ is not known here")
        elif not isinstance(
            part, (ast.BoolOp, ast.Compare, ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Set, ast.Dict)
        ):
            raise ExpressionError(f"{_WHAT.get(type(part), 'this')} is not known here")
        if isinstance(part, ast.Dict) and None in part.keys:
            raise ExpressionError("** is not known here")
        children = [child for child in ast.iter_child_nodes(part) if isinstance(child, ast.expr)]
        pending += reversed(children)
    return names


# -- evaluating --------------------------------------------------------------------------------------------------------


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _name(unmark(node.id), names)
    if isinstance(node, ast.BoolOp):
        wanted = isinstance(node.op, ast.Or)
        found: Any = None
        for part in node.values:
            found = _value(part, names)
            if bool(found) is wanted:
                break
        return found
    if isinstance(node, ast.Compare):
        return _compared(node, names)
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, names))
    if isinstance(node, ast.BinOp):
        return _calculated(type(node.op), _value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.Attribute):
        return _attribute(_value(node.value, names), node.attr)
    if isinstance(node, ast.Subscript):
        return _item(_value(node.value, names), _value(node.slice, names))
    if isinstance(node, ast.Slice):
        return slice(*(part and _value(part, names) for part in (node.lower, node.upper, node.step)))
    if isinstance(node, ast.Call):
        return _length(_value(node.args[0], names))
    if isinstance(node, ast.Dict):
        keys = (_value(key, names) for key in node.keys if key is not None)
        return dict(zip(keys, (_value(part, names) for part in node.values), strict=True))
    assert isinstance(node, (ast.List, ast.Tuple, ast.Set))
    parts = [_value(part, names) for part in node.elts]
    return parts if isinstance(node, ast.List) else tuple(parts) if isinstance(node, ast.Tuple) else set(parts)


def _name(name: str, names: Mapping[str, Any]) -> Any:
    for known in (name, name[1:] if name[:1] == "$" else f"${name}"):
        try:
            return names[known]
        except KeyError:
            continue
    raise ExpressionError(f"there is no variable {name} here")


def _compared(node: ast.Compare, names: Mapping[str, Any]) -> Any:
    left, found = _value(node.left, names), True
    for op, other in zip(node.ops, node.comparators, strict=True):
        right = _value(other, names)
        if type(op) in (ast.In, ast.NotIn) and type(right) is Record and right.contents is not None:
            right = right.contents
        found = _COMPARE[type(op)](left, right)
        if not found:
            break
        left = right
    return found


def _attribute(value: Any, name: str) -> Any:
    if type(value) is Record:
        if name in value.attributes:
            return value.attributes[name]
        raise ExpressionError(f"{value.type_name} has no attribute {name}")
    if type(value) is dict and name in value:
        raise ExpressionError(f'a dict has no attributes: write ["{name}"]')
    raise ExpressionError(f"{type(value).__name__} has no attributes here")


def _item(value: Any, key: Any) -> Any:
    if type(value) is Record and value.contents is not None:
        value = value.contents
    if isinstance(value, (Record, Described)):
        raise ExpressionError(f"{_brief(value)} can't be indexed")
    return value[key]


def _length(value: Any) -> int:
    if type(value) is Record and value.contents is not None:
        value = value.contents
    return len(value)


_SEQUENCES: Final = (str, bytes, bytearray, list, tuple)


def _calculated(op: type, left: Any, right: Any) -> Any:
    if op in _PLAIN:
        return _PLAIN[op](left, right)
    if op is ast.Mod:
        if isinstance(left, (str, bytes, bytearray)):
            raise ExpressionError("% does not format texts here")
        return left % right
    if op is ast.Add:
        if isinstance(left, _SEQUENCES) and isinstance(right, _SEQUENCES):
            _bounded(len(left) + len(right))
        return left + right
    if op is ast.Mult:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, _SEQUENCES) and isinstance(other, int):
                _bounded(len(one) * max(other, 0))
        if isinstance(left, int) and isinstance(right, int):
            _few_bits(left.bit_length() + right.bit_length())
        return left * right
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1:
        _few_bits(left.bit_length() * abs(right))
    return left**right


def _bounded(items: int) -> None:
    if items > _MOST_ITEMS:
        raise ExpressionError(f"the result would be longer than {_MOST_ITEMS:,} items")


def _few_bits(bits: int) -> None:
    if bits > _MOST_BITS:
        raise ExpressionError(f"the number would have more than {_MOST_BITS:,} bits")
