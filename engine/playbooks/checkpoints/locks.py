"""Advisory locks on open files: released when the descriptor is closed, so by the end of the process, however it ends.

Apart because this is the one thing the two families of systems do in different ways.
"""

from __future__ import annotations

import os
import sys
import time

if sys.platform == "win32":
    import msvcrt

    def _try(file: int, shared: bool) -> bool:
        os.lseek(file, 0, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def release(file: int) -> None:
        """Lets go of the lock."""
        os.lseek(file, 0, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

    def wait(file: int) -> None:
        """Holds the lock, after whoever has it."""
        while not _try(file, False):
            time.sleep(0.001)

else:
    import fcntl

    def _try(file: int, shared: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(file: int) -> None:
        """Lets go of the lock."""
        fcntl.flock(file, fcntl.LOCK_UN)

    def wait(file: int) -> None:
        """Holds the lock, after whoever has it."""
        fcntl.flock(file, fcntl.LOCK_EX)


def held(file: int, *, shared: bool = False, wait_s: float = 0.0) -> bool:
    """Tries to hold the lock of an open file.

    Args:
        file: A descriptor.
        shared: Together with others who ask for it shared, where the system knows that.
        wait_s: Seconds to try for.

    Returns:
        Whether it is held now; False when somebody else has it.
    """
    until = time.monotonic() + wait_s
    while not _try(file, shared):
        if time.monotonic() >= until:
            return False
        time.sleep(0.005)
    return True
