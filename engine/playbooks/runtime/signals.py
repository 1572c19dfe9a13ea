"""How a program ends or leaves a statement other than by reaching its end.

`BaseException`s, so that no `except Exception` of model code stops them.
"""

from __future__ import annotations


class Returned(BaseException):
    """`Return` unwinds the statement it stands in."""


class ProgramEnded(BaseException):
    """`Exit`, `EndProgram` or `Yld("exit")`: the whole program ends, whatever others wait for."""


class Sealed(BaseException):
    """Nothing can be kept any more: for whoever called, this moment does not end."""


class Diverged(BaseException):
    """The replay did something else than was recorded; nothing is served to the wrong call, and the run has failed.

    Args:
        reason: What happened, on one line for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ExitRaised(Exception):
    """A program's `SystemExit`, as the ordinary error it is here: it would take the whole process along.

    Args:
        error: What was raised.
    """

    def __init__(self, error: object) -> None:
        super().__init__(f"SystemExit: {error}; a program is ended by await EndProgram()")


class PlaybookFailed(Exception):
    """A playbook's model failed too often in a row. Ordinary, so a calling model is told."""


class NeverAwaited(Exception):
    """A call was made and dropped. An ordinary error, so the model is told."""


class UnknownTarget(Exception):
    """Nobody of that name: the model is told who there is."""


class ToolInterrupted(Exception):
    """The call may have run when the process died, and is not made again. Ordinary, so the model is told."""
