"""Keeping the screen alive beside code that computes without end: `while True: pass` in what a model wrote.

All threads of the process share one interpreter. Whoever computes hands it over only when another has asked for some
milliseconds (`sys.setswitchinterval`, 5 ms by default), and one key has to ask hundreds of times: after each read of a
file, each write to the terminal, each lock. So a thread looks whether the process computes all the time, and feels how
late it is woken; while one of them is so, the interpreter is handed over at once. Always would be dear: each hand-over
costs both threads some time.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Final

_CALM_S: Final = sys.getswitchinterval()
_AT_ONCE_S: Final = 0.000_02
_LATE_S: Final = 0.8 * _CALM_S
_BUSY: Final = 0.8
"""Of a core. On a machine that is shared it may be less: there, who is woken comes late."""
_LOOK_S: Final = 0.2
"""Between two looks while all is calm."""
_HELD_S: Final = 1.0
"""How long the interpreter is handed over at once before it is looked again."""
_GLANCE_S: Final = 0.01
"""How long it is calm for that look: a key that comes just then is slow."""
_SURE: Final = 3
"""So many looks in a row must find it calm: who is woken while the screen's thread draws gets its turn from that."""


class _Wanted:
    """By how many it is wanted that the interpreter is handed over at once."""

    def __init__(self) -> None:
        self.lock, self.count = threading.Lock(), 0

    def change(self, by: int) -> None:
        with self.lock:
            before, self.count = self.count, self.count + by
            if bool(before) != bool(self.count):
                sys.setswitchinterval(_AT_ONCE_S if self.count else _CALM_S)


_wanted: Final = _Wanted()


@contextlib.contextmanager
def handed_over_at_once() -> Iterator[None]:
    """For some work of a thread that stops often and that a key may wait for; any threads may want it together."""
    _wanted.change(1)
    try:
        yield
    finally:
        _wanted.change(-1)


@contextlib.contextmanager
def fair_share() -> Iterator[None]:
    """Watches over the process on a thread of its own, and leaves the interpreter as it was found."""
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(over,), name="fair share", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(over: threading.Event) -> None:
    look, calm = _LOOK_S, _SURE
    while True:
        asleep, computed = time.monotonic(), time.process_time()
        if over.wait(look):
            return
        passed, computed = time.monotonic() - asleep, time.process_time() - computed
        calm = 0 if passed - look >= _LATE_S or computed >= _BUSY * passed else calm + 1
        if calm >= _SURE:
            look = _LOOK_S
            continue
        with handed_over_at_once():
            over.wait(_HELD_S)
        look = _GLANCE_S
