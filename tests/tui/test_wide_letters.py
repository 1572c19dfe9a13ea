"""Names and values in letters that are two cells wide: columns stand where they stand for others."""

from __future__ import annotations

import pytest
from tui.headers import HAGGLE, NAMES, header, record

from playbooks.checkpoints.record import Header
from playbooks.session.changeable import Changeable
from playbooks_tui import sequence
from playbooks_tui.bars_plan import Bars
from playbooks_tui.inspected import Deep, Entry, Inspected, Variable, Wish
from playbooks_tui.record import Record
from playbooks_tui.rows import Past, Rows
from playbooks_tui.screens.fork.parts import changed_from
from playbooks_tui.spans import Line, cells_of, end_of, padded
from playbooks_tui.talk import Look, Talk
from playbooks_tui.widgets.branches import branch_line
from playbooks_tui.widgets.inspector.state import StateSheet

_W = 72
_WIDE = "安い方の枝"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Record:
    """The negotiation with a buyer called お客様, and a branch."""
    monkeypatch.setitem(NAMES, "1001", "お客様")
    left = HAGGLE[5].id
    branched: tuple[Header, ...] = (
        header("1001", 9, "fork", "", parent=left, branch=_WIDE),
        header("1001", 10, "say", "No.", "1000", parent="1001_ckpt_9", branch=_WIDE),
    )
    return record(*HAGGLE, *branched)


def at(line: Line, words: str) -> int:
    """The cell where words begin."""
    return cells_of(line.text[: line.text.index(words)])


def test_rows_of_timeline_and_panes_and_their_head_are_as_wide_as_others(told: Record) -> None:
    plan, past = sequence.plan(told, _W, Rows(told)), Past(told, None)
    rows = [sequence.row(told, plan, row, _W, past, sequence.Marks()) for row in told.shown]
    head = sequence.head(told, plan, _W)
    assert {row.cells for row in rows} == {head.cells} == {_W}
    assert at(head, "Bo") - (plan.column("1002") or 0) == at(head, "Se") - (plan.column("1000") or 0)
    says = [at(row, text) for row in rows for text in ("This pen", "Would you", "75?", "No.") if text in row.text]
    assert len(says) == 6 and len(set(says)) == 1
    talk = Talk(told, "1000")
    lines = [talk.line(y) for y in range(talk.fit(_W, Look("main")))]
    assert at(lines[0], "This pen") == at(lines[2], "75?")


def test_a_branch_with_such_a_name_has_its_bars_and_numbers_below_those_of_others(told: Record) -> None:
    bars, past = Bars(told), Past(told, None)
    lines = [bars.line(y, _W, past, None) for y in range(bars.lay_out(_W, past))]
    assert [at(line, name) for line, name in zip(lines, told.branches, strict=True)] == [1, 1]
    assert at(lines[0], "▁") == bars.left < at(lines[1], "╰")
    wide = max(map(cells_of, told.branches))
    assert {branch_line(told, one, _W, wide, on=False, amber=False).cells for one in told.branches.values()} == {_W}


def test_variables_what_they_were_and_their_history_stay_in_the_inspector(told: Record) -> None:
    value = "'漢字漢字漢字漢字漢字漢字'"
    sheet, wish = StateSheet(told), Wish(0, "1000", "")
    variables = (Variable("$名前", value, "~", value), Variable("$price", "80", "~", "100"))
    entries = (Entry("'漢字'", "1000_ckpt_5", "here", "Main:01"), Entry("80", "1000_ckpt_4", "past", "Main:01"))
    sheet.deep = Deep(wish, "$price", entries)
    lines = sheet.lines(Inspected(HAGGLE[6], "1000", "", variables=variables), 44, at_moment=True)
    assert all(line.cells <= 44 for line in lines)
    shown = [next(line for line in lines if words in line.text) for words in ("名前", "$price", "ckpt_5", "ckpt_4")]
    assert at(shown[0], "'") == at(shown[1], "80") and at(shown[2], "1000_") == at(shown[3], "1000_")


def test_what_is_changed_leaves_the_field_its_room() -> None:
    thing = Changeable("variable", "$名前", "$名前", "1000", "漢字" * 20)
    for text, field in ((None, 48), ("漢字", 8), ("漢字" * 20, 48)):
        assert changed_from(thing, "お客様 $名前とても長い", text, 80).cell_length <= 80 - field


def test_texts_are_filled_up_and_their_ends_taken_by_cells() -> None:
    assert (padded("漢字", 6), padded("漢字", 3), padded("ab", 4)) == ("漢字  ", "漢字", "ab  ")
    assert (end_of("a漢字", 3), end_of("a漢字", 4), end_of("abc", 2), end_of("abc", 0)) == ("字", "漢字", "bc", "")
