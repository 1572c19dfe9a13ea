"""The statement that most of a response is made of: `await Say("user", "Hello")`, a call of plain arguments on a line.

Apart because it takes a short way: what matches here is one whole statement and valid Python, so it need not be parsed
to be told from the next; and when its name is that of an engine call, awaiting it needs no rewriting, so it is compiled
as it stands. That takes a third of the time. Whatever does not match goes the long way and means the same.
"""

from __future__ import annotations

import keyword
import re

_KEYWORDS = "|".join(word for word in keyword.kwlist if word not in ("None", "True", "False"))
_NAME = rf"(?!(?:{_KEYWORDS})\b)[A-Za-z_][A-Za-z0-9_]*"
_ESCAPE = r"\\[\\'\"nrt]"
_CONTROL = r"\x00-\x1f\x7f\ud800-\udfff"


def _string(quote: str) -> str:
    plain = rf"[^{quote}\\{_CONTROL}]*"
    text = rf"[^{quote}\\{{}}{_CONTROL}]*"
    return rf"{quote}{plain}(?:{_ESCAPE}{plain})*{quote}|f{quote}{text}(?:\{{{_NAME}\}}{text})*{quote}"


_NUMBER = r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?"
_ARGUMENT = rf"(?:{_string(chr(34))}|{_string(chr(39))}|{_NAME}(?:\.{_NAME})*|{_NUMBER})"
_CALL = re.compile(rf"await ({_NAME})\((?:{_ARGUMENT}(?:, ?|(?=\))))*\)")


def plain_call(line: str) -> str | None:
    """The name that a line calls and awaits; None when it is anything but that.

    Args:
        line: A physical line that begins a statement, without the blanks at its end.
    """
    if not line.startswith("await ") or (found := _CALL.fullmatch(line)) is None:
        return None
    return found[1]
