"""Mistakes a person can mend, each told in one line.

Apart because every room raises them and only the front ends print them: an engine that prints could not be driven by a
screen.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence


class ExitStatus(enum.IntEnum):
    """What the process ends with; the same for every command."""

    FINISHED = 0
    FAILED = 1
    USAGE = 2
    NO_INPUT = 3
    INTERRUPTED = 130


class UserError(Exception):
    """A mistake in what the user gave: told as `file:line: what is wrong; what to do`, without a traceback.

    Args:
        what: What is wrong, in the user's words.
        fix: What to do about it; empty when the first part already says it.
        file: The file it stands in, as the user named it.
        line: The line, counted from 1; 0 for the file as a whole.
        status: What the process exits with.
    """

    def __init__(
        self, what: str, fix: str = "", *, file: str = "", line: int = 0, status: ExitStatus = ExitStatus.USAGE
    ) -> None:
        super().__init__(what)
        self.what, self.fix, self.file, self.line, self.status = what, fix, file, line, status

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.what}" + (f"; {self.fix}" if self.fix else "")


class UserErrors(UserError):
    """Several mistakes found in one reading, told one a line."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        first = errors[0]
        super().__init__(first.what, first.fix, file=first.file, line=first.line, status=first.status)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)
