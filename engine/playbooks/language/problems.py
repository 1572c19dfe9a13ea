"""Gathers every mistake of one reading, so that a person mends a program in one round instead of ten.

Apart because each part of the parser reports into it and goes on; only the end of the reading raises.
"""

from __future__ import annotations

from playbooks.errors import UserError, UserErrors

MOST_TOLD = 50
"""A file that is no program at all would otherwise fill the terminal."""


class Problems:
    """The mistakes found so far, told in the order of their places."""

    def __init__(self) -> None:
        self._found: list[UserError] = []

    def add(self, what: str, fix: str = "", *, file: str = "", line: int = 0) -> None:
        """Note a mistake.

        Args:
            what: What is wrong, in the user's words.
            fix: What to do about it.
            file: Where it stands.
            line: Counted from 1; 0 for the file as a whole.
        """
        self._found.append(UserError(what, fix, file=file, line=line))

    def __len__(self) -> int:
        return len(self._found)

    def told(self, files: list[str]) -> list[UserError]:
        """All of them, file by file as the files were read, then line by line; the same place twice is told once."""
        order = {file: place for place, file in enumerate(files)}
        found = sorted(self._found, key=lambda error: (order.get(error.file, -1), error.line))
        told = list({str(error): error for error in found}.values())
        if len(told) > MOST_TOLD:
            rest = len(told) - MOST_TOLD
            told[MOST_TOLD:] = [UserError(f"and {rest} more mistakes after these", "mend the first ones first")]
        return told

    def raise_if_any(self, files: list[str]) -> None:
        """End the reading when anything was wrong.

        Args:
            files: The paths in reading order.

        Raises:
            UserError: When there is one mistake.
            UserErrors: When there are several.
        """
        told = self.told(files)
        if len(told) == 1:
            raise told[0]
        if told:
            raise UserErrors(told)
