"""Breaking into code that never awaits: `while True: pass`, a long `time.sleep`.

Everything else stops at its next await. Only a program's own code is ever broken into, never the engine: the frames of
the thread tell which of the two runs.
"""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Literal

from playbooks.runtime.source import MODEL

_RESPONSE = re.compile(re.escape(MODEL) + r" \d+ response \d+\.\d+>")
_ENGINE = str(Path(__file__).parents[1])
_NAMES = str(Path(__file__).with_name("names.py"))
"""Reading and assigning a variable goes through it: nothing there breaks when it is left half-way."""


class Broken(BaseException):
    """The statement was broken into: the run is being left. No `except Exception` of a program stops it."""


Where = Literal["engine", "model code", "tool"]


def where_is(frame: types.FrameType | None) -> Where:
    """Whose code runs: a model's, with the libraries and helpers that it called; a tool's; or the engine's.

    Args:
        frame: The innermost frame of the engine's thread.
    """
    found: Where = "engine"
    while frame is not None:
        file = frame.f_code.co_filename
        if _RESPONSE.fullmatch(file):
            return "model code"
        if file.startswith(MODEL):
            found = "tool"  # unless model code called it as a helper
        elif file.startswith(_ENGINE) and file != _NAMES:
            return found
        frame = frame.f_back
    return found
