"""Ctrl+Z: the terminal is given back to the shell, and everything stops until `fg`, the engine with it.

Apart because the whole group of processes is meant, as the terminal itself would: what started the debugger, such as
make, would else be waited for by the shell.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from textual.app import SuspendNotSupported

_NO_SHELL: Final = "no shell started this that could go on with it: Ctrl+C twice leaves"


def suspend(given_back: Callable[[], AbstractContextManager[None]]) -> str:
    """Stops this process and those started with it; returns when they go on.

    Args:
        given_back: While in it, the terminal is as the shell left it.

    Returns:
        Why nothing was done; empty when it was.
    """
    if sys.platform == "win32":
        return _NO_SHELL
    if os.getpgrp() == os.getsid(0):  # a shell gives a job a group of its own: without one nobody would say `fg`
        return _NO_SHELL
    try:
        with given_back():
            os.killpg(0, signal.SIGTSTP)
    except SuspendNotSupported:  # a browser shows it
        return _NO_SHELL
    return ""
