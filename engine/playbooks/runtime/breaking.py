"""Breaking into code that never awaits: `while True: pass`, a long `time.sleep`.

Everything else stops at its next await. Only a program's own code is ever broken into, never the engine: the frames of
the thread tell which of the two runs.
"""

from __future__ import annotations

import re
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from playbooks.runtime.source import MODEL

_RESPONSE = re.compile(re.escape(MODEL) + r" \d+ response \d+\.\d+>")
_ENGINE = str(Path(__file__).parents[1])
_NAMES = str(Path(__file__).with_name("names.py"))
"""Reading and assigning a variable goes through it: nothing there breaks when it is left half-way."""


TOOL_S: Final = 5.0
"""What a tool gets to come to its end."""
_LOOK_S = 0.05
_AT_ONCE_S = 0.0005
"""Until the next attempt: an `except BaseException` that takes one meets another, and its loop is left."""


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


def break_into(thread: int, over: Callable[[], bool]) -> None:
    """Breaks into the program's code on another thread, whenever it is found there, until the run is over.

    While this thread holds the interpreter, the other stands between two instructions: where it is seen is where the
    exception is raised.

    Args:
        thread: Identity of the engine's thread.
        over: Whether the run has ended.
    """
    since = time.monotonic()

    def watch() -> None:
        import ctypes  # late: at a start it would be loaded for nothing

        wait = _LOOK_S
        while not over():
            time.sleep(wait)
            wait = _LOOK_S
            where = where_is(sys._current_frames().get(thread))
            if not over() and (where == "model code" or (where == "tool" and time.monotonic() - since >= TOOL_S)):
                raised = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Broken))
                wait = _AT_ONCE_S if raised else _LOOK_S

    threading.Thread(target=watch, name="breaking", daemon=True).start()
