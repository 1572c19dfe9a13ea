"""What a tab of the inspector is: lines for a width, laid out anew when what is inspected changes."""

from __future__ import annotations

from typing import ClassVar

from playbooks_tui.inspected import Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span


class Sheet:
    """One tab.

    Args:
        record: Of the session.
    """

    id: ClassVar[str]
    """Its action: what its key does is `Debugging.action_<id>`."""
    name: ClassVar[str]
    follows: ClassVar[bool] = False
    """Whether it stays at its end while that grows; else it stays where it was scrolled to."""

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def badge(self) -> str:
        """What stands behind the name in the row of tabs: a count, or nothing."""
        return ""

    def lay_out(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> int:
        """Makes the lines.

        Args:
            inspected: An agent at a moment; None: there is no checkpoint yet.
            width: Cells.
            at_moment: Whether it is a moment stood at (amber), or just the newest.

        Returns:
            How many there are.
        """
        raise NotImplementedError

    def line(self, y: int) -> Line:
        """A line from the top, for the width of the last `lay_out`."""
        raise NotImplementedError


class ListSheet(Sheet):
    """A tab that is short enough to be made whole each time."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self._lines: list[Line] = []

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        """All lines; arguments as for `lay_out`."""
        raise NotImplementedError

    def lay_out(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> int:
        self._lines = self.lines(inspected, width, at_moment=at_moment)
        return len(self._lines)

    def line(self, y: int) -> Line:
        return self._lines[y] if y < len(self._lines) else Line()


def quiet_line(text: str) -> Line:
    """A line that says that there is nothing, or how to get something."""
    return Line((Span(f" {text}", "quiet"),))
