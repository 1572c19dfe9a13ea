"""Code: the whole response: what has run, what runs, what is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from playbooks_tui.inspected import Inspected
from playbooks_tui.spans import Line, Span, cut, plain, width_of, wrapped
from playbooks_tui.widgets.inspector.sheet import ListSheet, Target, head, quiet_line

WRITTEN: Final = "… still being written"
"""Stands after the last whole line of a response that was not complete then."""


class CodeSheet(ListSheet):
    """The response that the moment stands in."""

    id = "code"
    name = "Code"

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        self.focus_line = None
        code = inspected.code if inspected else None
        if inspected is None or code is None or not code.lines:
            return [quiet_line("no response of the model is under way here")]
        found = [head(f"Response {code.turn} of {code.playbook}", _ran(inspected), width), Line()]
        for number, line in code_lines(inspected, width, 0, len(code.lines), at_moment=at_moment, whole=True):
            if number - 1 == inspected.following and self.focus_line is None:
                self.focus_line = len(found)
            self.targets[len(found)] = Target("code", code.playbook, number, self.class_of(inspected.agent))
            found.append(line)
        if self.focus_line is None:  # all that is there has run
            self.focus_line = len(found) - 1
        if not code.ended:
            found.append(quiet_line(WRITTEN))
        elif inspected.following >= len(code.lines):
            found.append(quiet_line("all of it has run"))
        return found


def _ran(inspected: Inspected) -> str:
    code = inspected.code
    lines = code.lines if code else ()
    return f"{min(inspected.following, len(lines))} of {len(lines)} lines"


def code_lines(
    inspected: Inspected, width: int, first: int, end: int, *, at_moment: bool, whole: bool
) -> Iterator[tuple[int, Line]]:
    """Lines of the response with their numbers: ✓ has run, amber or ● runs next.

    Args:
        inspected: The moment.
        width: Cells.
        first: Index of the first line.
        end: Index after the last.
        at_moment: Whether it is a moment stood at, or just the newest.
        whole: Long lines are wrapped; else only the one that runs next.
    """
    lines = inspected.code.lines if inspected.code else ()
    digits = len(str(min(end, len(lines))))
    for index in range(first, min(end, len(lines))):
        line = lines[index]
        runs = index == inspected.following or (line.state == "runs" and index >= inspected.following)
        ran = line.state != "left" and not runs
        comment = line.text.lstrip().startswith("#")
        sign = ("▸" if at_moment else "●") if index == inspected.following else "✓" if ran else " "
        sign = " " if comment or not line.text.strip() else sign
        ink = ("here" if at_moment else "plain") if runs else "quiet" if comment or ran else "plain"
        lead = [Span(f" {line.number:>{digits}} ", ink if runs else "quiet", bold=runs)]
        lead.append(Span(sign + " ", ink, bold=runs))
        spaces = len(line.text) - len(line.text.lstrip())
        indent = width_of(lead)
        room = max(8, width - indent - spaces - (3 if whole or runs else 1))
        text = plain(line.text.strip())
        pieces = wrapped(text, room) if whole or runs else [cut(text, room)]
        for place, piece in enumerate(pieces):
            begin = lead if not place else [Span(" " * (indent + 2))]
            yield line.number, Line((*begin, Span(" " * spaces + piece, ink, bold=runs)))
