"""What a tab of the inspector is: lines for a width, laid out anew when what is inspected changes."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from playbooks_tui.inspected import Deep, Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, width_of


class Target(msgspec.Struct, frozen=True):
    """A line that can be selected, and what it stands for."""

    kind: Literal["variable", "watch", "entry", "code", "step", "breakpoint"]
    name: str
    """Of a variable or watch; an entry's checkpoint; a step's label; a breakpoint's id."""
    line: int = 0
    """Of code or program text, from 1."""
    agent: str = ""
    """The class that a step or code is of."""


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
    focus_line: int | None = None
    """The line that should be in sight when another moment is shown."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.targets: dict[int, Target] = {}
        """Line → what it stands for."""
        self.deep: Deep | None = None
        """What took longer to find; of the same agent as what is inspected."""

    @property
    def badge(self) -> str:
        """What stands behind the name in the row of tabs: a count, or nothing."""
        return ""

    def class_of(self, agent: str) -> str:
        """The class of an agent, given by id; any other word stays as it is."""
        view = self.record.agents.get(agent)
        return view.class_name if view is not None else agent

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
        """All lines; arguments as for `lay_out`. Sets `targets` for those that can be selected."""
        raise NotImplementedError

    def lay_out(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> int:
        self.targets = {}
        self._lines = self.lines(inspected, width, at_moment=at_moment)
        return len(self._lines)

    def line(self, y: int) -> Line:
        return self._lines[y] if y < len(self._lines) else Line()


def quiet_line(text: str) -> Line:
    """A line that says that there is nothing, or how to get something."""
    return Line((Span(f" {text}", "quiet"),))


def head(text: str, note: str, width: int, key: str = "") -> Line:
    """A heading, with a note flush right, and the key it speaks of."""
    right = [Span(f"{key} ", "plain", bold=True)] if key else []
    return columns([Span(f" {text}", bold=True)], [*right, Span(note, "quiet")], width)


def columns(left: list[Span], right: list[Span], width: int) -> Line:
    """Two halves, the right one flush right."""
    gap = width - width_of(left) - width_of(right) - 1
    return Line((*left, Span(" " * max(1, gap)), *right))
