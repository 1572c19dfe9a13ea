"""The timeline reads as a sequence diagram."""

from __future__ import annotations

from tui.headers import HAGGLE, header, record

from playbooks_tui import sequence
from playbooks_tui.record import Record
from playbooks_tui.rows import Past, Rows
from playbooks_tui.spans import width_of

_W = 65


def drawn(told: Record, width: int = _W, here: int | None = None) -> list[str]:
    plan, past = sequence.plan(told, width, Rows(told)), Past(told, here)
    rows = [sequence.row(told, plan, row, width, past, sequence.Marks()) for row in told.shown]
    assert {line.cells for line in rows} == {width}
    return [sequence.head(told, plan, width).text.rstrip(), *(line.text.rstrip() for line in rows)]


def test_a_run_reads_as_lanes_numbers_arrows_and_what_was_said() -> None:
    assert drawn(record(*HAGGLE)) == [
        "       Se  Bu  Bo  you                                      took",
        "   │    ·           1   ► negotiation.pb",
        "   │    2┄┄┄+       ·   + Buyer 1001",
        "   │    3┄┄┄┄┄┄┄+   ·   + Boss 1002",
        "   │    4───►   ·   ·   → Buyer  This pen is $100.          0.9s",
        "   │    ·   1   ·   ·   ← Seller This pen is $100.          20ms",
        "   │    ◄───2   ·   ·   → Seller Would you take 60?         1.1s",
        "   │    5   ·   ·   ·   ◆ Counter(60) = 95                  0.2s",
        "   │    6───────►   ·   → Boss   75?                        0.8s",
        "   │    ·   ·   1   ·   ← Seller 75?  !~",
        "   ■    7   ·   ·   ·   ■ sold at 80",
    ]


def test_a_fork_hangs_under_its_place_and_its_rows_run_in_a_gutter_of_their_own() -> None:
    low = [
        header("1000", 8, "fork", "low: Counter = 80, was 95", branch="low", parent="1000_ckpt_5"),
        header("1000", 9, "say", "I can do $80.", "1001", branch="low"),
        header("1000", 10, "end", "no deal", branch="low", statement="await EndProgram()"),
    ]
    rows = drawn(record(*HAGGLE, *low))
    assert [row[3:5] for row in rows[7:]] == ["├╮", "││", "││", "■│", " │", " │", " ■"]


def test_what_is_later_than_the_moment_is_dotted_in_the_gutter_and_dim() -> None:
    told = record(*HAGGLE)
    here = told.place["1000_ckpt_5"]
    rows = drawn(told, here=here)
    assert [row[3] for row in rows[1:]] == [*"│││││││┊┊■"]
    plan = sequence.plan(told, _W, Rows(told))
    line = sequence.row(told, plan, here + 1, _W, Past(told, here), sequence.Marks())
    assert [span.later for span in line.spans if "75?" in span.text] == [True]


def test_names_and_numbers_stay_whole_when_text_has_no_room() -> None:
    rows = drawn(record(*HAGGLE), width=52)
    assert rows[4] == "   │    4───►   ·   ·   → Buyer  This pen is…  0.9s"


def test_lanes_widen_for_numbers_of_five_digits() -> None:
    told = record(HAGGLE[0], header("1000", 10_000, "say", "hi", "human"))
    assert drawn(told)[2] == "   │   10000──────►   → you    hi"


def test_two_agents_with_like_names_have_two_short_names() -> None:
    names = {"human": "User", "1000": "Boss", "1001": "Bouncer", "1002": "Boss"}
    told = record(
        HAGGLE[0],
        header("1000", 1, "create", "Bouncer 1001", "1001"),
        header("1000", 2, "create", "Boss 1002", "1002"),
        names=names,
    )
    assert sequence.shorts(told) == {"1000": "B1", "1001": "Bo", "1002": "B2", "human": "you"}
    assert told.title("1002") == "Boss 1002" and told.title("1001") == "Bouncer"


def test_agents_beyond_the_room_share_a_lane_and_are_named_in_their_rows() -> None:
    many = {"human": "User", "1000": "Seller"} | {str(1000 + n): f"Guest{n}" for n in range(1, 30)}
    creations = [header("1000", n, "create", f"Guest{n} {1000 + n}", str(1000 + n)) for n in range(1, 30)]
    told = record(HAGGLE[0], *creations, header("1029", 1, "say", "me too", "1000"), names=many)
    plan = sequence.plan(told, 100, Rows(told))
    assert "1029" in plan.shared and "human" in plan.lanes
    line = sequence.row(told, plan, len(told.headers) - 1, 100, Past(told, None), sequence.Marks())
    assert "Guest29: me too" in line.text and line.cells == 100


def test_no_row_is_wider_or_narrower_than_asked_whatever_was_said() -> None:
    told = record(HAGGLE[0], header("1000", 1, "say", "日本語の長い文\x1b[31mと\tタブ\nand so on " * 9, "human"))
    for width in range(36, 120):
        plan = sequence.plan(told, width, Rows(told))
        line = sequence.row(told, plan, 1, width, Past(told, None), sequence.Marks())
        assert width_of(line.spans) == width
        assert not set(line.text) & set("\x1b\t\n")
