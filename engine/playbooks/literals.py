"""Values as people type them: Python literals.

Apart because a command's option, an answer, a field and a recorded text must be read alike, and by the one place that
knows all that Python raises over one.
"""

from __future__ import annotations

import ast
from typing import Any


def read_literal(text: str) -> Any:
    """The value of a Python literal: `80`, `[1, 2]`, `'80'`, `None`.

    Raises:
        ValueError: It is none; says what Python says of it.
    """
    try:
        return ast.literal_eval(text.strip())
    except SyntaxError as error:
        raise ValueError(error.msg) from None
    except (ValueError, TypeError, MemoryError, RecursionError):  # a call; a list as a key; too deep
        raise ValueError("it is no literal") from None


def literal_or_text(text: str) -> Any:
    """The value of a Python literal; the text itself when it is none."""
    try:
        return read_literal(text)
    except ValueError:
        return text
