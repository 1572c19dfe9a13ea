"""State: the stack, the variables and what changed, watches, the code around, a variable's history, the checkpoint."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from playbooks.runtime.asking import CallUnderWay
from playbooks.session.record import Spent
from playbooks.words import counted
from playbooks_tui.inspected import Entry, Inspected
from playbooks_tui.spans import Line, Span, amount, cells_of, cut, money, padded, plain, took, width_of, wrapped
from playbooks_tui.widgets.inspector.code import WRITTEN, code_lines
from playbooks_tui.widgets.inspector.sheet import ListSheet, Target, columns, head, quiet_line

_AROUND: Final = 5
"""Code lines above and below the one that runs next."""
_MOST_NAME: Final = 14


_CHARACTERS_A_TOKEN: Final = 4
"""About: how many tokens there were is told when a call ends."""


class StateSheet(ListSheet):
    """All of a moment that is read at a glance."""

    call: CallUnderWay | None = None
    """The agent's model call that has not ended, now; None: none, or a moment of the past is shown."""

    id = "state"
    name = "State"

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        if inspected is None:
            return [quiet_line("no checkpoint was kept" if self.record.over else "no checkpoint yet")]
        found = _stack(inspected, width, at_moment=at_moment)
        found += [Line(), head("Variables", f"since {inspected.since}" if inspected.since else "", width)]
        self._variables(inspected, width, found)
        self._watches(inspected, width, found)
        self._code(inspected, width, found, at_moment=at_moment)
        if self.call is not None:
            found += call_lines(self.call, width)
        self._history(width, found, at_moment=at_moment)
        found += self._checkpoint(inspected, width)
        return found

    # -- parts -----------------------------------------------------------------------------------------------

    def _variables(self, inspected: Inspected, width: int, found: list[Line]) -> None:
        if not inspected.variables:
            found.append(Line((Span("   none", "quiet"),)))
        names = _name_width([variable.name for variable in inspected.variables], width)
        for variable in inspected.variables:
            note = f"was {variable.was}" if variable.change in ("~", "-") else "new" if variable.change == "+" else ""
            lead = [
                Span(f" {variable.change or ' '} ", bold=True),
                Span(padded(cut(variable.name, names), names + 1)),
            ]
            room = max(4, width - width_of(lead) - 1)
            text = plain(variable.value)
            value = Span(cut(text, room), "good" if text[:1] in ("'", '"') else "plain", bool(variable.change))
            right = [Span(cut(plain(note), max(0, room - cells_of(value.text) - 2)), "quiet")]
            self.targets[len(found)] = Target("variable", variable.name)
            found.append(columns([*lead, value], right, width))
        if inspected.in_python:
            found.append(Line((Span("   Python's locals are not recorded", "quiet"),)))

    def _watches(self, inspected: Inspected, width: int, found: list[Line]) -> None:
        found += [Line(), head("Watches", "adds", width, key="+")]
        names = _name_width([watch.text for watch in inspected.watches], width)
        for watch in inspected.watches:
            lead = [Span("   "), Span(padded(cut(watch.text, names), names + 1))]
            room = max(4, width - width_of(lead) - 1)
            value = Span(cut(plain(watch.error or watch.value), room), "doubt" if watch.error else "plain", True)
            self.targets[len(found)] = Target("watch", watch.text)
            found.append(Line((*lead, value)))

    def _code(self, inspected: Inspected, width: int, found: list[Line], *, at_moment: bool) -> None:
        code = inspected.code
        if code is None or not code.lines:
            return
        found += [Line(), head("Code", f"of {code.playbook}, response {code.turn}", width)]
        at = inspected.following
        first = max(0, min(at - _AROUND, len(code.lines) - 2 * _AROUND))
        for number, line in code_lines(inspected, width, first, first + 2 * _AROUND, at_moment=at_moment, whole=False):
            self.targets[len(found)] = Target("code", code.playbook, number, self.class_of(inspected.agent))
            found.append(line)
        if not code.ended and first + 2 * _AROUND >= len(code.lines):
            found.append(quiet_line(WRITTEN))

    def _history(self, width: int, found: list[Line], *, at_moment: bool) -> None:
        deep = self.deep
        if deep is None or not deep.history:
            return
        found += [Line(), head(f"History of {cut(deep.variable, 16)}", "who changed it", width, key="w")]
        beside = max(len(entry.checkpoint) + len(entry.note.partition(", ")[0]) for entry in deep.history)
        values = min(max(cells_of(plain(entry.value)) for entry in deep.history), max(10, width - beside - 8))
        for entry in deep.history:
            self.targets[len(found)] = Target("entry", entry.checkpoint)
            found.append(_entry(entry, values, width, at_moment=at_moment))

    def _checkpoint(self, inspected: Inspected, width: int) -> list[Line]:
        record, header = self.record, inspected.header
        found = [Line(), head("Checkpoint", "", width)]
        index = record.place.get(header.id)
        if index is not None:
            branch = record.branches[header.branch]
            newest = index == branch.rows[-1]
            where = "the newest" if newest else f"{bisect_left(branch.rows, index) + 1} of {len(branch.rows)}"
            found.append(columns([Span(f" {header.id}")], [Span(f"{where} on {header.branch}", "quiet")], width))
        if header.statement:
            found += [Line((Span(f" {piece}", "quiet"),)) for piece in wrapped(header.statement, width - 2)[:3]]
        left = Span(f" took {took(header.took)}" if took(header.took) else " took under 1ms", "quiet")
        cost = Span(cost_words(self.deep.spent if self.deep is not None else None), "quiet")
        if width_of((left, cost)) + 2 <= width:
            found.append(columns([left], [cost], width))
        else:
            found += [Line((left,)), Line((Span(f" {cost.text}", "quiet"),))]
        if header.again:
            found.append(Line((Span(" ◐ ", "doubt", bold=True), Span("it may have run once before", "doubt"))))
        lost = Span(" !~ ", "doubt", bold=True)
        found += [Line((lost, Span(cut(f"not stored: {path}", width - 5), "doubt"))) for path in header.degraded]
        return found


def cost_words(spent: Spent | None) -> str:
    """What models took for a checkpoint; empty while that is being looked for."""
    if spent is None:
        return ""
    if not spent.calls and not spent.ended:
        return "no model call"
    if not spent.ended:
        return f"{counted(spent.calls, 'call')} begun"  # what it takes is told when it ends
    known = spent.input_tokens is not None and spent.output_tokens is not None
    tokens = (spent.input_tokens or 0) + (spent.output_tokens or 0) if known else None
    calls = counted(spent.calls, "call") if spent.calls else f"{counted(spent.ended, 'call')} ended"
    return f"{calls} · {amount(tokens)} tokens · {money(spent.cost)}"


def call_lines(call: CallUnderWay, width: int) -> list[Line]:
    """A model call that is running: how long, and how much was sent and came, in about so many tokens."""
    sent, out = (count // _CHARACTERS_A_TOKEN for count in (call.sent, call.received))
    speed = f"{out / call.seconds:.0f} tokens/s" if out and call.seconds > 0 else "waits for the first token"
    left = [Span(f" ~{amount(sent)} in · ~{amount(out)} out")]
    right = [Span(speed, "quiet")]
    fits = width_of([*left, *right]) + 2 <= width
    rows = [columns(left, right, width)] if fits else [Line(tuple(left)), Line((Span(f" {speed}", "quiet"),))]
    return [Line(), head(f"Model call {call.call}", f"running {call.seconds:.1f} s", width), *rows]


def _stack(inspected: Inspected, width: int, *, at_moment: bool) -> list[Line]:
    found = [head("Stack", "", width)]
    if inspected.error:
        found += [Line((Span(f" {piece}", "bad"),)) for piece in wrapped(inspected.error, width - 2)]
    over = inspected.header.ends_program  # nothing runs any more
    sign, ink = ("▸ ", "here") if at_moment else ("■ ", "plain") if over else ("● ", "good")
    mark = Span(sign, ink, bold=True)
    for call in inspected.stack:
        lead = [
            Span(" " + "  " * call.depth),
            mark if call.last else Span("▾ ", "quiet"),
            Span(call.name, bold=call.last),
        ]
        room = width - width_of(lead) - len(call.step) - 3
        arguments = f"({plain(call.arguments)})" if call.arguments else ""
        found.append(columns([*lead, Span(cut(arguments, max(0, room)))], [Span(call.step, "quiet")], width))
    if not inspected.stack and not inspected.error:
        found.append(Line((Span(" idle: no playbook runs", "quiet"),)))
    return found


def _entry(entry: Entry, values: int, width: int, *, at_moment: bool) -> Line:
    here, away = entry.where == "here", entry.where in ("later", "other")
    sign = "▸" if here and at_moment else "●" if here else "┊" if away else " "
    ink = "here" if here and at_moment else "quiet"
    value = cut(plain(entry.value), values)
    left = [
        Span(f" {sign} ", ink, bold=here),
        Span(" " * (values - cells_of(value)) + value, "quiet" if away else "plain", bold=here),
        Span(f"  {entry.checkpoint}", "quiet" if away else "plain"),
    ]
    room = width - width_of(left) - 3
    note = next((note for note in (entry.note, entry.note.partition(", ")[0]) if len(note) <= room), "")
    return columns(left, [Span(note, "quiet")], width)


def _name_width(names: list[str], width: int) -> int:
    longest = max((cells_of(name) for name in names), default=0)
    return min(max(longest, 10), max(_MOST_NAME, width // 2 - 4))
