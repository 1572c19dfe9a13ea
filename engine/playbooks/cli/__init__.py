"""The command line: one command a file, loaded when it is used, so that `playbooks --help` starts at once.

Apart from the session because it knows about arguments, terminals and exit statuses, and the session about none.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from playbooks.errors import ExitStatus

is_process = False
"""Whether the process ends with the command: set by `main`."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command and leaves the process with its status: 0, 1, 2, 3 or 130.

    Args:
        arguments: Of the command line, without the program's name; the process's own when None.
    """
    global is_process
    is_process = True
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:  # until a run takes both: as Ctrl+C
            with suppress(ValueError):  # signals are another thread's
                signal.signal(signal.SIGTERM, signal.default_int_handler)
        from playbooks.cli.entry import run_command

        status = run_command(given)
    except KeyboardInterrupt:  # before a run could take it: nothing has happened yet that would be lost
        status = ExitStatus.INTERRUPTED
        with suppress(OSError, ValueError, AttributeError):  # stderr may be closed
            print("Interrupted.", file=sys.stderr, flush=True)
    sys.exit(status)
