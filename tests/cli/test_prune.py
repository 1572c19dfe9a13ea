"""`playbooks prune`: what goes is said, what stays shows what it always showed."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from cli.kept import Shell, files

from playbooks.checkpoints import retention
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.record import Checkpoint

GREET = """---
model: script:greet.py
---
# Greeter
## Main
### Triggers
- When the program starts
### Steps
- Go
"""


def ids(shell: Shell) -> list[str]:
    return [row["id"] for row in shell("timeline", "s1", "--json").document["checkpoints"]]


def test_the_newest_of_each_agent_stay_and_show_what_they_showed(negotiation: Path, shell: Shell) -> None:
    shown = {id: shell("show", id, "--json").document for id in ids(shell)}
    assert shell("prune", "--keep", "3").out == "s1: 33 checkpoints taken away, 10 stay\n"
    stay = ids(shell)
    assert {"1000_ckpt_21", "1000_ckpt_22", "1000_ckpt_23", "1001_ckpt_8", "1002_ckpt_9", "human_ckpt_1"} <= set(stay)
    for id in stay:
        now = shell("show", id, "--json").document
        assert {**now, "parent": shown[id]["parent"]} == shown[id]


def test_one_that_was_taken_away_is_said_to_be_pruned(negotiation: Path, shell: Shell) -> None:
    shell("prune", "--keep", "3")
    there = "agent 1000 has 1000_ckpt_21 to 1000_ckpt_23"
    for command in ("show", "fork"):
        said = shell.fails(command, "1000_ckpt_4")
        assert said == f"there is no checkpoint 1000_ckpt_4; {there}; older ones were pruned (keep_last_n)"
    assert shell.fails("show", "1000_ckpt_24") == f"there is no checkpoint 1000_ckpt_24; {there}"


def test_a_labelled_checkpoint_and_a_forks_start_stay(negotiation: Path, shell: Shell) -> None:
    shell("label", "1000_ckpt_2", "keep me")
    shell("fork", "1000_ckpt_9", "--result", "80")
    assert shell("prune", "--keep", "1").status == 0
    assert {"1000_ckpt_2", "1000_ckpt_9", "1000_ckpt_24"} <= set(ids(shell))
    assert shell("fork", "1000_ckpt_9").status == 0


def test_without_keep_it_keeps_what_is_configured(negotiation: Path, shell: Shell) -> None:
    with open("playbooks.toml", "a") as file:
        file.write("keep_last_n = 2\n")
    assert shell("prune", "--dry-run").out.startswith("s1: 3")
    Path("playbooks.toml").write_text("[durability]\nkeep_last_n = 0\n")
    assert shell.fails("prune") == "keep_last_n is 0, which keeps all; say how many stay with --keep N"


def test_a_dry_run_says_the_same_and_takes_nothing(negotiation: Path, shell: Shell) -> None:
    before = files(negotiation)
    assert shell("prune", "--keep", "3", "--dry-run").out == "s1: 33 of 43 checkpoints would go\n"
    assert shell("prune", "--session", "s1", "--all", "--dry-run").out == "s1: 43 of 43 checkpoints would go\n"
    assert files(negotiation) == before


def test_a_whole_session_goes_and_its_numbers_are_not_used_again(negotiation: Path, shell: Shell) -> None:
    shell("label", "1000_ckpt_2", "labelled too")
    assert shell("prune", "--session", "s1", "--all").out == "s1: 43 checkpoints taken away, 0 stay\n"
    assert shell("sessions", "--json").document == []
    assert shell("sessions").err == "No session is here yet.\n"
    assert shell("run", "negotiation.pb").status == 0
    (only,) = shell("sessions", "--json").document
    assert only["id"] == "s2"
    numbers = [row["number"] for row in shell("timeline", "--json").document["checkpoints"] if row["agent"] == "1000"]
    assert min(numbers) > 23


def test_nothing_to_take_away_is_said(negotiation: Path, shell: Shell) -> None:
    assert shell("prune", "--keep", "99").out == "s1: nothing to take away, 43 checkpoints\n"


def test_one_is_told_as_one(negotiation: Path, shell: Shell) -> None:
    Path("greet.pb").write_text(GREET)
    Path("greet.py").write_text("def respond(request):\n    return 'await Exit()'\n")
    assert shell("run", "greet.pb").status == 0
    assert shell("prune", "s2", "--keep", "9").out == "s2: nothing to take away, 2 checkpoints\n"
    (negotiation / ".checkpoints/human/human_ckpt_2.pkl").unlink()
    assert shell("prune", "s2", "--keep", "9").out == "s2: nothing to take away, 1 checkpoint\n"
    assert shell("export", "s2").out.splitlines()[2].endswith(", 1 checkpoint")
    assert "  1 checkpoint\n" in shell("timeline", "s2").out
    assert shell("prune", "s2", "--all", "--dry-run").out == "s2: 1 of 1 checkpoint would go\n"
    assert shell("prune", "s2", "--all").out == "s2: 1 checkpoint taken away, 0 stay\n"


@pytest.mark.parametrize("place", [1, 2, 4, 7, 11])
def test_what_stays_is_shown_while_another_process_prunes_under_the_reader(
    negotiation: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    shown = shell("show", "1000_ckpt_23", "--json").document
    read, other, reads = FileStore.read_signed, FileStore(".checkpoints"), list[str]()

    def then_pruned(store: FileStore, id: str) -> tuple[Checkpoint, bool]:
        if store is not other:
            reads.append(id)
            if len(reads) == place:
                retention.prune(other, "s1", 1)
        return read(store, id)

    monkeypatch.setattr(FileStore, "read_signed", then_pruned)
    now = shell("show", "1000_ckpt_23", "--json").document
    assert len(reads) >= place and {**now, "parent": shown["parent"]} == shown
    other.close()


def test_an_open_session_is_left_and_named_while_the_others_are_pruned(negotiation: Path, shell: Shell) -> None:
    assert shell("run", "negotiation.pb").status == 0
    with closing(FileStore(".checkpoints")) as other, other.lock("s1"):
        done = shell("prune", "--keep", "1")
    assert (done.status, done.err) == (1, f"session s1 is open in process {os.getpid()}; end that one first\n")
    assert done.out.startswith("s2: ") and len(done.out.splitlines()) == 1
    assert len(ids(shell)) == 43


def test_the_session_may_be_named_as_other_commands_take_it(negotiation: Path, shell: Shell) -> None:
    would = "s1: 33 of 43 checkpoints would go\n"
    assert shell("prune", "s1", "--keep", "3", "--dry-run").out == would
    assert shell("prune", "s1", "--session", "s1", "--keep", "3", "--dry-run").out == would
    assert shell.fails("prune", "s1", "--session", "s2") == (
        "two sessions are named, s1 and s2; prune one after the other"
    )
    assert shell.fails("prune", "s9").startswith("there is no session s9")
