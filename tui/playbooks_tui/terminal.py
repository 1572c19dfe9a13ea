"""The terminal while the screen has it: only the screen writes to it, and it is given back whatever ends the program.

Apart because it is about file descriptors: a print of a library, a warning, a child process write to descriptors 1
and 2, which `sys.stdout` replaced in Python does not catch. While inside, these lead into a pipe that is read line by
line.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LONGEST = 8_192


class _Terminal(io.FileIO):
    """Takes what is written whole, and forgets it once the terminal is gone.

    When a window is closed the kernel sends SIGHUP and SIGCONT, and every write fails: a writer thread that died of it
    would leave whoever writes waiting for ever, and the process behind.
    """

    def write(self, data: Any, /) -> int:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[super().write(rest) or 0 :]
        except OSError:
            pass
        return len(data)


@contextmanager
def terminal_of_our_own(on_line: Callable[[str], None]) -> Iterator[None]:
    """Keeps the terminal for the screen: what anything else writes to stdout or stderr goes to `on_line`, on a thread.

    Args:
        on_line: Called with each line; from another thread.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    saved = os.dup(1), os.dup(2)
    before = sys.__stdout__, sys.__stderr__
    screen = io.TextIOWrapper(_Terminal(os.dup(saved[0]), "w"), encoding="utf-8", errors="replace", write_through=True)
    read_end, write_end = os.pipe()
    reader = threading.Thread(target=_read_lines, args=(read_end, on_line), name="output", daemon=True)
    reader.start()
    os.dup2(write_end, 1)
    os.dup2(write_end, 2)
    os.close(write_end)
    sys.__stdout__ = sys.__stderr__ = screen  # type: ignore[misc]  # where Textual's driver finds its terminal
    try:
        yield
    finally:
        sys.__stdout__, sys.__stderr__ = before  # type: ignore[misc]
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        for descriptor in saved:
            os.close(descriptor)
        try:
            screen.close()
        except OSError:  # the terminal is gone
            pass
        reader.join(0.2)


def _read_lines(descriptor: int, on_line: Callable[[str], None]) -> None:
    rest = b""
    while data := os.read(descriptor, 65_536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            on_line(line.decode("utf-8", "replace").rstrip("\r"))
        if len(rest) > _LONGEST:
            on_line(rest.decode("utf-8", "replace"))
            rest = b""
    if rest:
        on_line(rest.decode("utf-8", "replace"))
    os.close(descriptor)
