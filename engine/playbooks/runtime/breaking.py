"""Breaking into code that never awaits: `while True: pass`, a long `time.sleep`.

Everything else stops at its next await. Only a program's own code is ever broken into, never the engine: the frames of
the thread tell which of the two runs.
"""

from __future__ import annotations

import types
from pathlib import Path

from playbooks.runtime.source import MODEL

_ENGINE = str(Path(__file__).parents[1])
_NAMES = str(Path(__file__).with_name("names.py"))
"""Reading and assigning a variable goes through it: nothing there breaks when it is left half-way."""


class Broken(BaseException):
    """The statement was broken into: the run is being left. No `except Exception` of a program stops it."""


def in_program(frame: types.FrameType | None) -> bool:
    """Whether a program's own code runs, or a library that it called, and nothing of the engine in between.

    Args:
        frame: The innermost frame of the engine's thread.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(MODEL):
            return True
        if file.startswith(_ENGINE) and file != _NAMES:
            return False
        frame = frame.f_back
    return False
