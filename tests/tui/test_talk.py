"""An agent's pane reads as its conversation, and where later begins is a matter of drawing, not of laying out anew."""

from __future__ import annotations

from tui.headers import HAGGLE, header, record

from playbooks.runtime.notices import Committed, MessageSent, MessageView, Writing
from playbooks_tui.screens.debugger import folded_panes
from playbooks_tui.spans import Line, Span
from playbooks_tui.talk import Coming, Look, Talk
from playbooks_tui.told import Ended
from playbooks_tui.widgets.talk_pane import folded_line


def text(talk: Talk, width: int, look: Look) -> list[str]:
    lines = [talk.line(y) for y in range(talk.fit(width, look))]
    assert all(line.cells <= width for line in lines)
    return [line.text.rstrip() for line in lines]


def test_words_hang_under_words_and_slow_rows_tell_their_time() -> None:
    told = record(*HAGGLE, header("1000", 8, "say", "It writes under water, and upside down.", "1001", took=1.0))
    assert text(Talk(told, "1000"), 40, Look("main")) == [
        "  4 → Buyer   This pen is $100.    0.9s",
        "  5 ◆ Counter(60) = 95             0.2s",
        "  6 → Boss    75?                  0.8s",
        "  7 ■ sold at 80",
        "  8 → Buyer   It writes under      1.0s",
        "              water, and upside",
        "              down.",
    ]


def test_a_look_back_marks_the_moment_and_puts_what_is_later_below_a_rule() -> None:
    told = record(*HAGGLE)
    look = Look("main", told.place["1000_ckpt_5"], mark=True)
    assert text(Talk(told, "1000"), 40, look) == [
        "  4 → Buyer   This pen is $100.    0.9s",
        "▸ 5 ◆ Counter(60) = 95             here",
        " ┄┄┄ later on main ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
        "┊ 6 → Boss    75?                  0.8s",
        "┊ 7 ■ sold at 80",
    ]


def test_a_message_on_its_way_is_announced_where_it_will_be_heard() -> None:
    told = record(*HAGGLE)
    look = Look("main", told.place["1000_ckpt_4"], (Coming("1000", "This pen is $100."),), mark=True)
    assert text(Talk(told, "1001"), 48, look)[:3] == [
        "      nothing said yet",
        "    » Seller  on its way: This pen is $100.",
        " ┄┄┄ later on main ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
    ]


def test_of_many_messages_on_their_way_the_first_are_told_and_the_rest_counted() -> None:
    told = record(*HAGGLE)
    coming = tuple(Coming("1000", f"word {n}") for n in range(1, 13))

    def between(some: tuple[Coming, ...]) -> list[str]:
        lines = text(Talk(told, "1001"), 48, Look("main", told.place["1000_ckpt_4"], some, mark=True))
        return lines[1 : next(place for place, line in enumerate(lines) if "later on main" in line)]

    assert between(coming[:3]) == [f"    » Seller  on its way: word {n}" for n in (1, 2, 3)]
    assert between(coming) == [
        "    » Seller  on its way: word 1",
        "    » Seller  on its way: word 2",
        "    » 10 more on their way",
    ]


def test_text_is_shown_as_it_is_written_and_gives_way_to_its_checkpoint() -> None:
    told = record(*HAGGLE[:6])
    talk = Talk(told, "1001")
    told.take([Writing("1001", "agent 1000", "Would you")])
    assert text(talk, 40, Look("main"))[-1] == "    → Seller  Would you▌"
    told.take([Writing("1001", "Seller", "Would you take 60?")])
    assert text(talk, 40, Look("main"))[-1] == "    → Seller  Would you take 60?▌"
    told.take([Committed(HAGGLE[6])])
    assert text(talk, 40, Look("main"))[-1] == "  2 → Seller  Would you take 60?   1.1s"


def test_of_a_long_conversation_what_is_around_the_moment_is_laid_out_and_the_rest_counted() -> None:
    told = record(HAGGLE[0], *(header("1000", n, "say", f"number {n}", "human") for n in range(1, 3_000)))
    talk = Talk(told, "1000")
    now = text(talk, 40, Look("main"))
    assert now[0].startswith(" ┄┄┄ 2,699 earlier ┄") and now[-1].endswith("number 2999") and len(now) == 301
    here = told.place["1000_ckpt_1500"]
    then = text(talk, 40, Look("main", here, mark=True))
    assert len(then) == 403 and then[0].startswith(" ┄┄┄ 1,200 earlier") and then[-1].startswith(" ┄┄┄ 1,399 more")
    assert then[300].endswith("here") and talk.row_at(300) == here and talk.anchor == 300
    assert text(talk, 40, Look("main", here + 1, mark=True))[301].endswith("here")
    assert text(talk, 40, Look("main", told.place["1000_ckpt_5"], mark=True))[0].startswith("     1 →")


def test_a_long_message_is_shown_whole_though_its_header_is_cut() -> None:
    long = "word " * 80
    told = record(HAGGLE[0], header("1000", 1, "say", long[:199] + "…", "human"))
    told.take([MessageSent(MessageView(1, "1000", ("human",), long))])
    shown = " ".join(line.strip() for line in text(Talk(told, "1000"), 60, Look("main")))
    assert shown.count("word") == 80 and "…" not in shown


def test_a_fork_shows_its_own_past_and_not_the_other_future() -> None:
    low = header("1000", 8, "say", "I can do $80.", "1001", branch="low", parent="1000_ckpt_5")
    told = record(*HAGGLE, low)
    shown = text(Talk(told, "1000"), 40, Look("low"))
    assert [line.strip()[:1] for line in shown] == ["4", "5", "8"]


def test_a_pane_laid_out_bit_by_bit_reads_as_one_laid_out_at_once() -> None:
    told = record()
    told.agents |= record(*HAGGLE).agents
    talk = Talk(told, "1000")
    for one in HAGGLE:
        told.take([Committed(one)])
        text(talk, 50, Look("main"))
    assert text(talk, 50, Look("main")) == text(Talk(told, "1000"), 50, Look("main"))


def test_a_folded_pane_says_in_one_line_who_what_was_last_and_what_it_does() -> None:
    name, doing = (Span("Guest"), Span(" 1004")), (Span("idle"),)
    line = folded_line(name, doing, Line((Span("  3 → Host  yes, and I bring a cake"),)), 40)
    assert line.text.rstrip() == "  Guest 1004  3 → Host  yes, an… idle"
    assert folded_panes({"1000": 3, "1001": 9, "1002": 3, "1003": 1}, 17) == {"1003"}
    assert folded_panes({"1000": 3, "1001": 9, "1002": 3, "1003": 1}, 20) == set()
    assert folded_panes({"1000": 3, "1001": 9}, 3) == {"1000"}


def test_in_your_own_pane_what_was_said_to_you_arrives_and_what_you_said_leaves() -> None:
    told = record(*HAGGLE[:5], header("1000", 5, "say", "Name?", "human"), header("human", 2, "say", "Bob", "1000"))
    assert text(Talk(told, "human"), 40, Look("main")) == ["  5 ← Seller  Name?", "  2 → Seller  Bob"]


def test_who_speaks_in_a_meeting_has_the_name_that_the_screen_has_for_it() -> None:
    of, spoke = "meeting 101", "Seller (agent 1000): Good morning.\nBuyer (agent 1001): Hello (agent 7): no name."
    meeting = (
        header("1002", 2, "heard", spoke, of),
        header("1002", 3, "heard", "meeting 101 has ended", "meeting 101"),
    )
    assert text(Talk(record(*HAGGLE, *meeting), "1002"), 60, Look("main"))[1:] == [
        "  2 ← meeting 101 Seller: Good morning.",
        "                  Buyer: Hello (agent 7): no name.",
        "  3 ← meeting 101 has ended",
    ]


def test_a_pane_that_stays_empty_says_so_once_the_run_is_over() -> None:
    told = record()
    assert text(Talk(told, "1000"), 40, Look("main")) == ["      nothing said yet"]
    told.take([Ended("failed", "the disk is full")])
    assert text(Talk(told, "1000"), 40, Look("main")) == ["      nothing was said"]
