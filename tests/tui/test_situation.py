"""The header says the same as the engine, in every state and at every width."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tui.headers import HAGGLE, header, record

from playbooks.runtime.notices import (
    AgentChanged,
    AgentView,
    Asked,
    Committed,
    ModelCalled,
    Output,
    StatusChanged,
    Writing,
)
from playbooks_tui.record import Record
from playbooks_tui.situation import BADGES, Standing, ask_line, doing, header_line, mode, moment
from playbooks_tui.told import Ended, Named

LIVE = Standing(started=True)


def negotiation() -> Record:
    told = record(*HAGGLE[:-1])
    told.program = "negotiation.pb"
    told.take([Named("s1", "main"), StatusChanged("running")])
    return told


def head(told: Record, standing: Standing, width: int = 150) -> str:
    line = header_line(told, standing, width, 1_000.0, 21)
    assert line.cells == width
    return line.text


@pytest.mark.parametrize(
    ("status", "standing", "words"),
    [
        ("running", LIVE, "● RUNNING"),
        ("running", replace(LIVE, held=True), "|| PAUSING"),
        ("paused", replace(LIVE, held=True), "|| PAUSED  at 1002_ckpt_1"),
        ("paused", replace(LIVE, held=True, stepping=True), "● RUNNING"),
        ("running", replace(LIVE, here=5), "◄◄ LOOKING BACK  at 1001_ckpt_1 · 4 behind · the run goes on"),
        ("finished", replace(LIVE, here=5), "◄◄ LOOKING BACK  at 1001_ckpt_1 · 4 behind · nothing runs"),
        ("waiting", LIVE, "? WAITING FOR YOU  Seller asks"),
        ("waiting", replace(LIVE, held=True), "? WAITING FOR YOU  Seller asks · paused after it"),
        ("waiting", replace(LIVE, held=True, stepping=True), "? WAITING FOR YOU  Seller asks · the step goes on"),
        ("interrupted", Standing(), "= INTERRUPTED  at 1002_ckpt_1, 16 minutes ago · Enter resumes"),
        ("finished", LIVE, "■ FINISHED"),
        ("failed", LIVE, "! FAILED  Seller and Buyer wait for each other"),
        ("running", replace(LIVE, leaving=True), "= LEAVING  everything is kept"),
    ],
)
def test_each_state_has_its_badge_and_says_what_it_means(status: str, standing: Standing, words: str) -> None:
    told = negotiation()
    told.take([StatusChanged(status), Asked(("1000",))])  # type: ignore[arg-type]
    if status == "failed":
        told.take([Ended("failed", "Seller and Buyer wait for each other")])
    assert head(told, standing).strip().startswith(words)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_why_it_failed_is_read_before_counts(width: int) -> None:
    told = negotiation()
    why = "checkpoints can't be kept: No space left on device"
    told.take([StatusChanged("failed"), Ended("failed", why)])
    assert why in head(told, LIVE, width)


def test_while_it_runs_the_header_says_who_writes_and_how_many_wait() -> None:
    told = negotiation()
    told.take([AgentChanged(AgentView("1000", "Seller", "waiting", "agent 1001")), ModelCalled("1001", 4, "m")])
    assert "Buyer thinks · 1 agent waits" in head(told, LIVE)
    told.take([Writing("1001", "agent 1000", "W")])
    assert "Buyer writes · 1 agent waits" in head(told, LIVE)


def test_what_is_told_has_just_that_drawn_anew_which_shows_it() -> None:
    told = negotiation()
    for one, drawn in (
        (Committed(HAGGLE[-1]), {"rows", "agents", "totals"}),
        (Writing("1001", "agent 1000", "W"), {"agents"}),
        (AgentChanged(AgentView("1001", "Buyer", "waiting")), {"agents", "status"}),
        (AgentChanged(AgentView("1003", "Guest", "idle")), {"agents", "status", "lanes"}),
        (ModelCalled("1001", 4, "m"), {"agents", "status", "totals"}),
        (StatusChanged("waiting"), {"status"}),
        (Asked(("1000",)), {"asked"}),
        (Output("1000", "printed"), {"output"}),
        (Named("s1", "main"), {"totals"}),
    ):
        touched = told.take([one])
        assert {name for name in touched.__struct_fields__ if getattr(touched, name)} == drawn, one


def test_while_code_spins_the_header_says_whose() -> None:
    told = negotiation()
    told.take([AgentChanged(AgentView(id, name, "waiting")) for id, name in (("1001", "Buyer"), ("1002", "Boss"))])
    assert "code of Seller runs · 2 agents wait" in head(told, LIVE)


def test_of_what_another_process_runs_nothing_is_claimed_that_no_checkpoint_tells() -> None:
    told = negotiation()
    told.followed = True
    assert "in another process, read-only" in head(told, LIVE)
    assert "code of" not in head(told, LIVE)
    told.take([Asked(("1000",))])  # it is asked there: no key answers here
    assert ask_line(told, LIVE) == "look only: another process runs it"


def test_a_run_of_another_process_that_waits_or_is_held_is_said_to_do_so_there() -> None:
    told = negotiation()
    told.followed = True
    told.take([Asked(("1000",)), StatusChanged("waiting")])
    assert head(told, LIVE).strip().startswith("? WAITING  in another process, read-only · Seller asks")
    assert ask_line(told, LIVE) == "look only: Seller asks in the other process"
    told.take([Asked(()), StatusChanged("waiting", "Charge(10) may have run")])
    assert "? WAITING  in another process, read-only · Charge(10) may have run" in head(told, LIVE)
    assert ask_line(told, LIVE) == "look only: Charge(10) may have run"
    told.take([StatusChanged("paused", "line 3 at 1002_ckpt_1")])
    assert "|| PAUSED  at 1002_ckpt_1 · in another process, read-only · line 3" in head(told, LIVE)


def test_tokens_go_first_then_the_session_and_numbers_stay() -> None:
    told, paused = negotiation(), replace(LIVE, held=True)
    told.take([StatusChanged("paused")])
    wide = head(told, paused, 150)
    assert "negotiation.pb ▸ s1 ▸ main    10 checkpoints · 0 calls · 0 tokens · $0 · 00:21" in wide
    assert "s1 ▸ main    10 checkpoints · 0 calls · $0 · 00:21" in head(told, paused, 100)
    assert "negotiation.pb ▸ main    10 ckpt · 0 calls · $0 · 00:21" in head(told, paused, 86)
    for width in range(30, 200):
        assert "00:21" in head(told, paused, width)


def test_amber_is_for_a_moment_that_is_stood_at_and_for_nothing_that_runs_or_is_over() -> None:
    told = negotiation()
    assert moment(told, LIVE) is None
    assert moment(told, replace(LIVE, here=3)) == 3
    for status, expected in (("paused", 9), ("finished", None), ("waiting", None)):
        told.take([StatusChanged(status)])  # type: ignore[arg-type]
        assert moment(told, replace(LIVE, held=True)) == expected
    assert {state for state, (_, ground) in BADGES.items() if ground == "here"} == {
        "pausing",
        "paused",
        "back",
        "interrupted",
    }


def test_a_pause_while_the_program_asks_keeps_the_question_in_sight() -> None:
    told = negotiation()
    told.take([StatusChanged("waiting"), Asked(("1000",))])
    assert mode(told, replace(LIVE, held=True)) == "waiting"
    assert ask_line(told, LIVE) == "Seller asks you: i answers"
    assert ask_line(told, replace(LIVE, here=1)) == "look only: nothing is sent from the past"


def test_branches_of_one_agent_that_ask_at_once_are_one_name() -> None:
    told = negotiation()
    told.take([StatusChanged("waiting"), Asked(("1000", "1000"))])
    assert "WAITING FOR YOU  Seller asks 2 things" in head(told, LIVE)
    told.take([Asked(("1000", "1001"))])
    assert "WAITING FOR YOU  Seller and Buyer ask " in head(told, LIVE)


def test_what_can_be_done_at_the_end_is_never_cut() -> None:
    told = record(*HAGGLE)
    told.take([Ended("finished")])
    for room in (60, 76, 120):
        said = ask_line(told, LIVE, room)
        assert said.endswith(". ↑ looks back, e changes one thing.")
        assert len(said) <= room


def test_an_ending_that_is_cut_has_one_mark_for_that_and_no_full_stop() -> None:
    told = record(header("1000", 1, "end", "sold " * 40, statement="await EndProgram()"))
    told.take([Ended("finished")])
    assert "sol… ↑ looks back" in ask_line(told, LIVE, 60)


def test_the_last_agents_return_ends_a_branch_as_the_programs_end_does() -> None:
    told = record(*HAGGLE[:9], header("1001", 3, "end", "sold", statement="await Return('sold')"))
    last = len(told.headers) - 1
    assert not told.ends_run(last), "another may go on"
    told.take([Ended("finished")])
    assert told.ends_run(last) and not told.ends_run(last - 1)
    assert "FINISHED  sold" in head(told, LIVE)


def test_nobody_is_in_the_middle_of_something_once_the_program_is_finished() -> None:
    view = AgentView("1000", "Seller", "running", step="Main:04:EXE")
    told = negotiation()
    assert [span.text for span in doing(told, view, live=False)] == ["Main:04"]
    assert [span.text for span in doing(told, view, live=False, over=True)] == ["idle"]


def test_an_older_session_has_no_clock_that_stands_at_nought() -> None:
    told = negotiation()
    told.take([StatusChanged("interrupted")])
    assert "00:0" not in header_line(told, Standing(), 150, 1_000.0, 0).text
