"""The inspector: one agent at one moment, read from its checkpoint; it never executes anything."""

from __future__ import annotations

from playbooks_tui.inspected import Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, cut, took, width_of, wrapped
from playbooks_tui.widgets.inked import Pane


class Inspector(Pane):
    """The stack, the variables and what changed, and the code around."""

    def __init__(self, record: Record) -> None:
        super().__init__(id="inspector")
        self._record = record
        self.inspected: Inspected | None = None
        self._at_moment = False
        self._lines: list[Line] = []

    def show(self, inspected: Inspected | None, *, at_moment: bool) -> None:
        """Draws an agent's moment.

        Args:
            inspected: What was read; None: there is no checkpoint yet.
            at_moment: Whether it is a moment stood at (amber), or just the newest.
        """
        if self.inspected is None or inspected is None or inspected.agent != self.inspected.agent:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self.inspected, self._at_moment = inspected, at_moment
        self._lay_out()

    def stand(self, at_moment: bool) -> None:
        """Says whether it is a moment stood at, without reading it anew."""
        if at_moment != self._at_moment:
            self._at_moment = at_moment
            self._lay_out()

    def on_resize(self) -> None:
        super().on_resize()
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width > 0:
            self._lines = lines(self._record, self.inspected, width, at_moment=self._at_moment)
            self.tall(len(self._lines))

    def line(self, y: int) -> Line:
        return self._lines[y] if y < len(self._lines) else Line()


def lines(record: Record, seen: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
    """The inspector's text, for a width."""
    if seen is None:
        return [Line((Span(" no checkpoint yet", "quiet"),))]
    ink = "here" if at_moment else "plain"
    mark = Span("▸ " if at_moment else "● ", "here" if at_moment else "good", bold=True)
    found = [_head("Stack", "", width)]
    if seen.error:
        found.append(Line((Span(f" {seen.error}", "bad"),)))
    for depth, call in enumerate(seen.stack):
        last = depth == len(seen.stack) - 1
        lead = [Span(" " + "  " * depth), mark if last else Span("▾ ", "quiet"), Span(call.name, bold=last)]
        room = width - width_of(lead) - len(call.step) - 3
        arguments = f"({call.arguments})" if call.arguments else ""
        found.append(_columns([*lead, Span(cut(arguments, max(0, room)))], [Span(call.step, "quiet")], width))
    if not seen.stack and not seen.error:
        found.append(Line((Span(" idle: no playbook runs", "quiet"),)))
    found += [Line(), _head("Variables", f"since {seen.since}" if seen.since else "", width)]
    found += _variables(seen, width)
    if seen.code:
        found += [Line(), _head("Code", f"of {seen.stack[-1].name}" if seen.stack else "", width)]
        digits = len(str(seen.code[-1].number))
        for code in seen.code:
            following = code.state == "next"
            sign = {"ran": "✓", "next": "▸" if at_moment else "●"}.get(code.state, " ")
            tint = ink if following else "plain" if code.state == "left" else "quiet"
            number = Span(f" {code.number:>{digits}} ", tint if following else "quiet", bold=following)
            lead = [number, Span(sign + " ", tint, bold=following)]
            indent = width_of(lead)
            spaces = len(code.text) - len(code.text.lstrip())
            room = max(8, width - indent - spaces - 2)
            text = code.text.strip()
            for place, piece in enumerate(wrapped(text, room) if following else [cut(text, room)]):
                begin = lead if not place else [Span(" " * (indent + 2))]
                found.append(Line((*begin, Span(" " * spaces + piece, tint, bold=following))))
    header = seen.header
    found += [Line(), _head("Checkpoint", "", width)]
    index = record.place.get(header.id)
    if index is not None:
        branch = record.branches[header.branch]
        newest = index == branch.rows[-1]
        where = "the newest" if newest else f"{branch.rows.index(index) + 1} of {len(branch.rows)}"
        found.append(_columns([Span(f" {header.id}")], [Span(f"{where} on {header.branch}", "quiet")], width))
    for piece in wrapped(header.statement, width - 2):
        found.append(Line((Span(f" {piece}", "quiet"),)))
    if took(header.took):
        found.append(Line((Span(f" took {took(header.took)}", "quiet"),)))
    for path in header.degraded:
        found.append(Line((Span(" !~ ", "doubt", bold=True), Span(cut(f"not stored: {path}", width - 5), "doubt"))))
    return found


def _variables(seen: Inspected, width: int) -> list[Line]:
    if not seen.variables:
        return [Line((Span(" none", "quiet"),))]
    names = min(max(len(variable.name) for variable in seen.variables), max(8, width // 2 - 4))
    found = []
    for variable in seen.variables:
        note = f"was {variable.was}" if variable.change in ("~", "-") else "new" if variable.change == "+" else ""
        lead = [Span(f" {variable.change or ' '} ", bold=True), Span(f"{cut(variable.name, names):<{names}} ")]
        room = max(4, width - width_of(lead) - 1)
        value = Span(
            cut(variable.value, room), "good" if variable.value[:1] in "'\"" else "plain", bool(variable.change)
        )
        right = [Span(cut(note, max(0, room - len(value.text) - 2)), "quiet")]
        found.append(_columns([*lead, value], right, width))
    return found


def _head(text: str, note: str, width: int) -> Line:
    return _columns([Span(f" {text}", bold=True)], [Span(note, "quiet")], width)


def _columns(left: list[Span], right: list[Span], width: int) -> Line:
    """Two halves, the right one flush right."""
    gap = width - width_of(left) - width_of(right) - 1
    return Line((*left, Span(" " * max(1, gap)), *right))
