"""A comparison as lines: what was said and done side by side, variables, code and prompts that differ.

Pure: from the engine's comparison to spans; the panes around only scroll.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from playbooks.checkpoints.describe import show
from playbooks.checkpoints.record import Header
from playbooks.session.glyphs import GLYPHS
from playbooks.session.record import Comparison, Pair, Spent
from playbooks.words import counted
from playbooks_tui.record import Record
from playbooks_tui.rows import Filter
from playbooks_tui.sequence import QUIET, glyph_ink, told, words
from playbooks_tui.spans import Line, Span, cells_of, cut, fit, money, padded, plain, took, width_of, wrapped

HEAD: Final = 3
"""Lines above the first pair: the names, how each went, and where they part."""
_MIDDLE: Final = 5
_MOST_NAME: Final = 10
_MOST_CODE: Final = 400
"""Lines of one difference that are shown."""


class Side(msgspec.Struct, frozen=True):
    """One of the two."""

    name: str
    """A branch's, or a checkpoint's id."""
    ending: str
    """How it ended; empty: it has not."""
    seconds: float = 0.0
    """How long it ran since they parted, without the time in which nobody ran it."""


def rows_of(
    record: Record, comparison: Comparison, forks: tuple[Header | None, Header | None], filter: Filter | None = None
) -> list[Pair]:
    """The pairs, with what began a branch in front.

    Args:
        record: Of the session.
        comparison: Of the two.
        forks: What began each side's branch.
        filter: What is left out; None: nothing.
    """
    begun = [Pair(*forks)] if any(forks) else []
    rows = [*begun, *comparison.pairs]
    return rows if filter is None else [pair for pair in rows if _passes(record, pair, filter)]


def _passes(record: Record, pair: Pair, filter: Filter) -> bool:
    if filter.same and _same(record, pair):
        return False
    return any(header is not None and filter.passes(header) for header in (pair.left, pair.right))


def sign_of(record: Record, pair: Pair) -> str:
    """`=`, `≠`, or `−` where one side has nothing to set against the other's."""
    if pair.left is None or pair.right is None:
        return "−"
    return "=" if _same(record, pair) else "≠"


def _same(record: Record, pair: Pair) -> bool:
    """Whether both did and said the same; two ends of the program are that only if it ended alike."""
    if not pair.same or pair.left is None or pair.right is None or not pair.left.ends_program:
        return pair.same
    return _told(record, pair.left) == _told(record, pair.right)


def _told(record: Record, header: Header) -> str:
    index = record.place.get(header.id)
    return words(header, told(record, index) if index is not None else header.text)


def side_line(record: Record, pair: Pair, width: int, *, here: bool, right: bool, names: int) -> Line:
    """A pair.

    Args:
        record: Of the session.
        pair: What stands side by side.
        width: Cells.
        here: Whether it is the row that is selected.
        right: Whether the right side of it is meant.
        names: Cells for a name.
    """
    half = (width - _MIDDLE - 1) // 2
    ground = "here" if here else ""
    sign = sign_of(record, pair)
    same = _same(record, pair)
    mark = Span("▸" if here else " ", "here", bold=True)
    spans = [mark, *_half(record, pair.left, half, names, here=here, same=same, meant=here and not right)]
    spans.append(Span(f"  {sign}  ", "plain" if sign == "≠" else "quiet", bold=True))
    spans += _half(record, pair.right, half, names, here=here, same=same, meant=here and right)
    return Line(tuple(span for span in spans if span.text), ground)


def _half(
    record: Record, header: Header | None, width: int, names: int, *, here: bool, same: bool, meant: bool
) -> list[Span]:
    if header is None:
        return [Span(fit(f"{'·':>{min(names, width - 1)}}", width), "hair")]
    narrow = width < 44
    name = cut(record.title(header.agent), names)
    spans = [
        Span(padded(name, names + 1), record.hue(header.agent), bold=True),
        Span(f"{header.number:>3} ", "plain" if meant else "quiet", bold=meant),
        Span(GLYPHS[header.kind] + " ", glyph_ink(record, header), bold=True),
    ]
    if header.kind in ("say", "heard") and header.peer and not narrow:
        spans.append(Span(padded(cut(record.title(header.peer), names), names + 1), record.hue(header.peer)))
    tail = 0 if narrow else 6
    quiet = (header.kind in QUIET or same) and not here
    room = max(1, width - width_of(spans) - tail)
    spans.append(
        Span(fit(_told(record, header), room), "quiet" if quiet else "plain", bold=header.kind in ("fork", "end"))
    )
    if tail:
        spans.append(Span(f"{took(header.took):>5} ", "quiet"))
    return spans


def head_lines(comparison: Comparison, sides: tuple[Side, Side], width: int, common: int, right: bool) -> list[Line]:
    """Names, how each went since they parted, and where that was."""
    half = (width - _MIDDLE - 1) // 2
    spent = (comparison.spent_left, comparison.spent_right)
    titles: list[Span] = [Span(" ")]
    went: list[Span] = [Span(" ")]
    for place, (side, cost) in enumerate(zip(sides, spent, strict=True)):
        meant = place == int(right)
        titles.append(Span(fit(("▸ " if meant else "  ") + side.name, half), "plain" if meant else "quiet", bold=True))
        went.append(Span(fit(f"  {_went(side, cost, half - 2)}", half), "quiet"))
        if not place:
            titles.append(Span(" " * _MIDDLE))
            went.append(Span(" " * _MIDDLE))
    where = f"to {comparison.fork.id}" if comparison.fork else "they have nothing in common"
    rule = f" ═══ {common} in common, {where} " if comparison.fork else f" ═══ {where} "
    return [Line(tuple(titles)), Line(tuple(went)), Line((Span(f"{rule:═<{max(len(rule), width - 1)}}", "quiet"),))]


def _went(side: Side, spent: Spent, room: int) -> str:
    """How it ended, and of what it took as much as there is room for: all of it stands below."""
    parts = [f"■ {side.ending}"] if side.ending else []
    parts += [f"{spent.checkpoints} more", counted(spent.calls, "call"), money(spent.cost), f"{side.seconds:.1f} s"]
    while len(parts) > 1 and width_of((Span(" · ".join(parts)),)) > room:
        parts.pop()
    return " · ".join(parts)


# -- below -------------------------------------------------------------------------------------------------------------


def value_lines(record: Record, comparison: Comparison, sides: tuple[Side, Side], width: int) -> list[Line]:
    """Variables that differ, at the fork and on each side; then what each side cost since."""
    fork = f"at {comparison.fork.id}" if comparison.fork else "before"
    names = (sides[0].name, sides[1].name)
    table = [
        (record.title(v.agent), v.name, _value(v.fork), _value(v.left), _value(v.right)) for v in comparison.variables
    ]
    titles: Sequence[str] = ("agent", "variable", fork, *names)
    costs = list(_costs(comparison, sides))
    widths = _widths(titles, [*table, *(("", "", "", left, right) for _, left, right in costs)], width - 4)
    titles = [_ending(title, room - 1) for title, room in zip(titles, widths, strict=True)]
    names = (titles[3], titles[4])
    lines = [_row("", titles, widths, ["quiet"] * 5, bold=False)]
    for variable, whole in zip(comparison.variables, table, strict=True):
        row = _from_where_they_part(whole, widths)
        inks = [record.hue(variable.agent), "plain", "quiet", *(_ink(row[3]), _ink(row[4]))]
        lines.append(_row("≠", row, widths, inks, bold=True))
    if not table:
        lines.append(Line((Span("   no variable differs", "quiet"),)))
    if comparison.same:
        lines.append(_same_line(comparison.same, width))
    lines += [Line(), _row("", ("since they parted", "", "", *names), widths, ["quiet"] * 5, bold=False)]
    for name, left, right in costs:
        lines.append(_row("", (name, "", "", left, right), widths, ["plain"] * 5, bold=True))
    return lines


def _same_line(same: Sequence[tuple[str, str]], width: int) -> Line:
    """Which variables are alike, as many as there is room to name."""
    names = [name for _, name in same]
    shown: list[str] = []
    rest = ", the same in both"
    while len(shown) < len(names):
        left = len(names) - len(shown) - 1
        tail = (f" and {left} more" if left else "") + rest
        if width_of((Span(", ".join([*shown, names[len(shown)]]) + tail),)) > width - 5:
            break
        shown.append(names[len(shown)])
    left = len(names) - len(shown)
    more = (f" and {left} more" if left else "") if shown else counted(left, "variable")
    return Line((Span(" = ", "quiet", bold=True), Span(f"{', '.join(shown)}{more}{rest}", "quiet")))


def _costs(comparison: Comparison, sides: tuple[Side, Side]) -> Iterator[tuple[str, str, str]]:
    left, right = comparison.spent_left, comparison.spent_right
    yield "checkpoints", str(left.checkpoints), str(right.checkpoints)
    yield "model calls", str(left.calls), str(right.calls)
    yield "cost", money(left.cost), money(right.cost)
    yield "time", f"{sides[0].seconds:.1f} s", f"{sides[1].seconds:.1f} s"


def _ending(title: str, room: int) -> str:
    """What tells one checkpoint from another stands at the end of its id."""
    return title if len(title) <= room or "_ckpt_" not in title else f"…{title[1 - room :]}"


def _from_where_they_part(row: tuple[str, str, str, str, str], widths: Sequence[int]) -> Sequence[str]:
    """A row whose values begin alike for longer than there is room: what begins all of them is left out."""
    left, right = row[3:]
    if all(cells_of(text) < width for text, width in zip(row[3:], widths[3:], strict=True)):
        return row
    alike = next(
        (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), len(min(left, right))
    )
    if alike < min(widths[3:]) - 2 or "not set" in (left, right):
        return row
    start = alike - 4
    return [*row[:2], *(f"…{text[start:]}" if text.startswith(left[:alike]) else text for text in row[2:])]


def _ink(text: str) -> str:
    return "quiet" if text == "not set" else "plain"


def _value(described: Mapping[str, Any] | None) -> str:
    if described is None:
        return "not set"
    text = show(described["value"], 300) if "value" in described else str(described.get("repr", ""))
    return plain(text)


def _widths(titles: Sequence[str], table: Sequence[Sequence[str]], width: int) -> list[int]:
    """As wide as needed; the values share what is left when that is too much."""
    wanted = [max(cells_of(row[place]) for row in [titles, *table]) + 2 for place in range(5)]
    wanted[0], wanted[1] = min(wanted[0], 12), max(min(wanted[1], 16), 9)
    left = max(18, width - wanted[0] - wanted[1])
    while sum(wanted[2:]) > left and max(wanted[2:]) > 7:
        wanted[2 + wanted[2:].index(max(wanted[2:]))] -= 1
    return wanted


def _row(sign: str, cells: Sequence[str], widths: Sequence[int], inks: Sequence[str], *, bold: bool) -> Line:
    spans = [Span(f" {sign:<2}", bold=True)]
    merged = list(cells)
    if not merged[1] and not merged[2]:  # a name over three columns
        total = sum(widths[:3])
        spans.append(Span(fit(merged[0], total), inks[0]))
        places: Sequence[int] = (3, 4)
    else:
        places = range(5)
    for place in places:
        strong = bold and place >= 3 and inks[place] != "quiet"
        spans.append(Span(fit(cut(merged[place], widths[place] - 1), widths[place]), inks[place], bold=strong))
    return Line(tuple(spans))


def difference_lines(record: Record, comparison: Comparison, sides: tuple[Side, Side], width: int) -> list[Line]:
    """Code and prompts that differ, as lines with `−` and `+`."""
    lines: list[Line] = []
    for change in comparison.code:
        title = f"Program {change.file}" if change.file else f"Response of {record.title(change.agent)}"
        both = change.a is not None and change.b is not None
        only = "" if change.file else "under way "
        lines += [_title(title, sides if both else None), *_diff(change.a, change.b, sides, width, only), Line()]
    if comparison.prompt is not None:
        whose = f"Prompt of {record.title(comparison.prompt.agent)}" if comparison.prompt.agent else "Prompt"
        lines.append(_title(whose, sides, f" · {counted(comparison.prompt.same, 'line')} the same"))
        for text in comparison.prompt.lines[:_MOST_CODE]:
            lines += _marked(text[:1], text[1:], width)
        lines.append(Line())
    else:
        lines += [Line((Span(" the prompts are the same", "quiet"),))]
    if not comparison.code:
        lines += [Line((Span(" the code is the same", "quiet"),))]
    return lines


def _title(text: str, sides: tuple[Side, Side] | None, note: str = "") -> Line:
    """What follows, and which sign means which side."""
    signs = (Span(f"   − {sides[0].name}  + {sides[1].name}", "quiet"),) if sides else ()
    return Line((Span(f" {text}", bold=True), *signs, Span(note, "quiet")))


def _diff(a: str | None, b: str | None, sides: tuple[Side, Side], width: int, under_way: str) -> Iterator[Line]:
    if a is None or b is None:
        there = sides[1] if a is None else sides[0]
        yield Line((Span(f"   {under_way}only on {there.name}", "quiet"),))
        return
    found = difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=1)
    for number, text in enumerate(found):
        if number < 2 or text.startswith("@@"):
            continue
        if number > _MOST_CODE:
            yield Line((Span("   …", "quiet"),))
            return
        yield from _marked(text[:1], text[1:], width)


def _marked(sign: str, text: str, width: int) -> Iterator[Line]:
    ink = {"-": "bad", "+": "good"}.get(sign, "quiet")
    shown = "−" if sign == "-" else sign
    for place, piece in enumerate(wrapped(plain(text), max(8, width - 6))):
        yield Line((Span(f" {shown if not place else ' '} ", ink, bold=True), Span(piece, ink)))
