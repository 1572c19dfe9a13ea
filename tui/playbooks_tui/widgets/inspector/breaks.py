"""Breaks: where the run stops, and what it notes in passing."""

from __future__ import annotations

from collections.abc import Sequence

from playbooks.session.run_control import BreakpointView
from playbooks.words import counted
from playbooks_tui.inspected import Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, plain, width_of, wrapped
from playbooks_tui.widgets.inspector.sheet import ListSheet, Target, columns, quiet_line


class BreaksSheet(ListSheet):
    """The breakpoints of the session."""

    id = "breaks"
    name = "Breaks"

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.breakpoints: Sequence[BreakpointView] = ()
        self.on_error = False

    @property
    def badge(self) -> str:
        return str(len(self.breakpoints) or "")

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        found: list[Line] = []
        for view in self.breakpoints:
            self.targets[len(found)] = Target("breakpoint", str(view.id))
            found += breakpoint_lines(view, width)
        if not self.breakpoints:
            found += [quiet_line("no breakpoint yet")]
        found += [Line(), Line((Span(" b", bold=True), Span(" breaks on what is selected", "quiet")))]
        found.append(Line((Span(" B", bold=True), Span(" sets, changes and takes away", "quiet"))))
        if not self.on_error:
            found.append(quiet_line("  an error does not stop the run"))
        return found


def breakpoint_lines(view: BreakpointView, width: int) -> list[Line]:
    """A breakpoint, on or off, and how often it was hit."""
    on = view.breakpoint.enabled
    logs = view.breakpoint.log is not None
    sign = "◇" if logs and on else "■" if on else "□"
    lead = [Span(f" {sign} ", "plain" if logs else "bad", bold=True)]
    hits = counted(view.count, "hit") if view.count else ""
    room = max(8, width - width_of(lead) - len(hits) - 3)
    pieces = wrapped(plain(view.text), room)
    ink = "plain" if on else "quiet"
    lines = [columns([*lead, Span(pieces[0], ink)], [Span(hits, "quiet")], width)]
    lines += [Line((Span("   "), Span(piece, ink))) for piece in pieces[1:]]
    if view.problem:
        lines += [Line((Span("   "), Span(piece, "doubt"))) for piece in wrapped(view.problem, width - 4)]
    return lines
