"""State: the stack, the variables and what changed, the code around, the checkpoint."""

from __future__ import annotations

from playbooks_tui.inspected import Inspected
from playbooks_tui.record import Record
from playbooks_tui.spans import Line, Span, cut, took, width_of, wrapped
from playbooks_tui.widgets.inspector.sheet import ListSheet


class StateSheet(ListSheet):
    """The stack, the variables and what changed, and the code around."""

    id = "state"
    name = "State"

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        return lines(self.record, inspected, width, at_moment=at_moment)


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
    if header.again:
        found.append(Line((Span(" ◐ ", "doubt", bold=True), Span("it may have run once before", "doubt"))))
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
