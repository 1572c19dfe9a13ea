"""Ctrl+C and SIGTERM during a run: the first seals it, the second is ignored, the third kills.

Apart because it must hold wherever the process is, even in a statement of a model that never awaits: handlers of the
`signal` module run between two instructions there, those of an event loop would wait for it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from playbooks import cli
from playbooks.errors import ExitStatus
from playbooks.runtime.breaking import TOOL_S, Broken, where_is

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RETRY_S = 0.05
AT_ONCE_S = 20e-6
SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def leaving(interrupt: Callable[[], None]) -> Iterator[None]:
    """While inside, a signal interrupts the run instead of the process.

    Args:
        interrupt: Asks the run to seal itself; returns at once, safe at any instruction of the main thread.
    """
    count, since = 0, 0.0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal count, since
        count += 1
        if count == 1:
            since = time.monotonic()
            interrupt()
            # A program that never awaits again is broken into, here or at the next tick that finds it in its own code.
            signal.setitimer(signal.ITIMER_REAL, RETRY_S, RETRY_S)
            break_in(frame)
        elif count >= 3:
            if sys.stdout is not None and sys.stdout.isatty():
                os.write(sys.stdout.fileno(), SHOW_CURSOR.encode())
            os._exit(ExitStatus.INTERRUPTED)

    def break_in(frame: FrameType | None) -> None:
        where = where_is(frame)
        if where == "model code" or (where == "tool" and time.monotonic() - since >= TOOL_S):
            # Again at once: an `except BaseException` that takes this one meets the next, and its loop is left.
            signal.setitimer(signal.ITIMER_REAL, AT_ONCE_S, RETRY_S)
            raise Broken

    alarm = signal.signal(signal.SIGALRM, lambda _, frame: break_in(frame))
    before = [(number, signal.signal(number, handle)) for number in SIGNALS]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        if not (count and cli.is_process):  # else a second one is ignored until the process has ended
            for number, handler in before:
                signal.signal(number, handler)


def end_process(status: ExitStatus) -> NoReturn:
    """Ends the process at once, with what was printed so far; everything that must last is closed by now."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    os._exit(status)
