"""`playbooks fork`: a branch from any checkpoint, with what was changed, run as `run` does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli.kept import Shell, files

from playbooks.cli.fork import saying
from playbooks.errors import UserError

MODEL = """
def respond(request):
    return 'await Say("user", "It rains.")\\nawait EndProgram()'
"""


def branch(shell: Shell, name: str) -> dict[str, str]:
    """A branch of the newest session."""
    return next(row for row in shell("timeline", "--json").document["branches"] if row["name"] == name)


def test_another_result_of_a_tool_gives_another_ending(negotiation: Path, shell: Shell) -> None:
    done = shell("fork", "1000_ckpt_9", "--result", "80")
    assert done.status == 0
    assert done.out.splitlines()[-1] == "Seller → you: The pen: no deal."
    assert done.err.splitlines()[0] == "fork-1 leaves 1000_ckpt_9: result = 80, was 95"
    assert branch(shell, "fork-1")["forked_from"] == "1000_ckpt_9"


def test_a_fork_checkpoints_though_durability_is_off(negotiation: Path, shell: Shell) -> None:
    (negotiation / "playbooks.toml").unlink()
    assert shell("fork", "1000_ckpt_9").status == 0
    assert branch(shell, "fork-1")["status"] == "finished"


def test_an_unchanged_fork_ends_as_the_original_did(negotiation: Path, shell: Shell) -> None:
    done = shell("fork", "1000_ckpt_9")
    assert done.out.splitlines()[-1] == "Seller → you: The pen: sold at 80."
    head = branch(shell, "fork-1")["head"]
    assert shell("diff", "1000_ckpt_23", head, "--json").document["variables"] == {}


def test_a_fork_of_the_very_start_runs_the_program_from_its_first_statement(negotiation: Path, shell: Shell) -> None:
    done = shell("fork", "human_ckpt_1")
    assert done.status == 0 and done.err.splitlines()[0] == "fork-1 leaves human_ckpt_1"
    assert "Seller → Buyer: This pen is $100. It writes under water." in done.out.splitlines()
    assert done.out.splitlines()[-1] == "Seller → you: The pen: sold at 80."


def test_before_runs_the_statement_again(negotiation: Path, shell: Shell) -> None:
    done = shell("fork", "1000_ckpt_9", "--before")
    assert branch(shell, "fork-1")["forked_from"] == "1000_ckpt_8"
    assert "    Seller ◆ Counter(60) = 95" in done.out.splitlines()


def test_a_variable_of_the_agent_of_another_agent_and_a_new_one_can_be_set(negotiation: Path, shell: Shell) -> None:
    done = shell("fork", "1000_ckpt_8", "--set", "floor=76", "--set", "1002.least=60", "--set", "$note='hi'")
    assert done.err.splitlines()[0] == (
        "fork-1 leaves 1000_ckpt_8: $floor = 76, was 70; 1002.$least = 60, was 70; $note = 'hi'"
    )
    assert done.out.splitlines()[-1] == "Seller → you: The pen: no deal."
    variables = shell("show", branch(shell, "fork-1")["head"], "--json").document["variables"]
    assert (variables["1000"]["note"]["value"], variables["1002"]["least"]["value"]) == ("hi", 60)


def test_a_message_on_its_way_can_say_something_else(negotiation: Path, shell: Shell) -> None:
    for who in ("1000", "Seller"):
        done = shell("fork", "1000_ckpt_13", "--say", f"{who}: 90?")
        assert "    Boss ◆ check_margin(90) = 20" in done.out.splitlines(), done


def test_the_rest_of_a_response_can_be_written_by_hand(negotiation: Path, shell: Shell) -> None:
    (negotiation / "rest.py").write_text('await Return("given away")\n')
    done = shell("fork", "1000_ckpt_9", "--response", "rest.py")
    assert done.out.splitlines()[-1] == "Seller → you: The pen: given away."


def test_a_response_that_is_no_python_is_refused_with_its_line(negotiation: Path, shell: Shell) -> None:
    (negotiation / "rest.py").write_text("x = 1\nawait (\n")
    assert shell.fails("fork", "1000_ckpt_9", "--response", "rest.py").startswith("line 2 of the response:")
    for beyond in ("x = '\0'\n", "x = " + "-" * 20_000 + "1\n", "x = y" + ".z" * 20_000 + "\n"):
        (negotiation / "rest.py").write_text(beyond)
        assert shell.fails("fork", "1000_ckpt_9", "--response", "rest.py").startswith("line 1 of the response:")


def test_another_model_answers_from_there_on(negotiation: Path, shell: Shell) -> None:
    (negotiation / "other.py").write_text(MODEL)
    given = ("--model", "script:other.py", "--temperature", "0.7")
    plan = shell("fork", "1000_ckpt_9", *given, "--plan").out.splitlines()
    assert {"changes model = script:other.py", "changes temperature = 0.7"} < set(plan)
    done = shell("fork", "1000_ckpt_9", "--regenerate", *given)
    assert (done.status, done.out) == (0, "Seller → you: It rains.\n")


def test_another_program_runs_from_there_on(negotiation: Path, shell: Shell) -> None:
    text = (negotiation / "negotiation.pb").read_text()
    (negotiation / "hard.pb").write_text(text.replace("// 8)", "// 2)"))
    changes = "changes program = hard.pb as it is now"
    assert changes in shell("fork", "1000_ckpt_9", "--before", "--program", "hard.pb", "--plan").out.splitlines()
    done = shell("fork", "1000_ckpt_9", "--before", "--program", "hard.pb")
    assert done.err.splitlines()[0] == "fork-1 leaves 1000_ckpt_8: program = hard.pb as it is now"
    assert "    Seller ◆ Counter(60) = 80" in done.out.splitlines()


def test_a_label_names_the_branch(negotiation: Path, shell: Shell) -> None:
    assert shell("fork", "1000_ckpt_9", "--label", "cheap").err.startswith("cheap leaves 1000_ckpt_9")
    assert branch(shell, "cheap")["status"] == "finished"


def test_a_fork_of_a_fork_leaves_that_one(negotiation: Path, shell: Shell) -> None:
    shell("fork", "1000_ckpt_9", "--result", "80")
    assert shell("fork", branch(shell, "fork-1")["head"].replace("36", "29")).status == 0
    assert branch(shell, "fork-2")["forked_from"] == "1000_ckpt_29"


def test_a_plan_says_what_would_happen_and_does_nothing(negotiation: Path, shell: Shell) -> None:
    before = files(negotiation)
    done = shell("fork", "1000_ckpt_9", "--result", "80", "--plan")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[:2] == ["leaves 1000_ckpt_9 on a new branch, fork-1", "changes result = 80, was 95"]
    assert done.out.splitlines()[2:] == [
        "record  Seller 1000 Haggle, line 6: $price = await Counter(60), starts again with 1 call served",
        "record  Seller 1000 Haggle: line 7 as recorded",
        'live    Buyer 1001 waits again for agent 1000 in Main, line 6: await Yld("agent 1000")',
        'live    Boss 1002 waits again for agent 1000 in Main, line 3: await Yld("agent 1000")',
        "tools   none is served: check_margin(75) runs again when called again",
        "model   main took 9 calls from here, served again while their prompts are the same",
        "stays   main, with its 28 later checkpoints",
    ]
    assert files(negotiation) == before


def test_an_edit_that_cant_take_leaves_everything_as_it_was(negotiation: Path, shell: Shell) -> None:
    before = files(negotiation)
    said = shell.fails("fork", "1000_ckpt_9", "--set", "price=80")
    assert said == "price: line 6 sets it next; change the result instead (--result)"
    said = shell.fails("fork", "1000_ckpt_9", "--result", "much")
    assert said == "Counter gives int, and 'much' is str; give it int"
    shell.fails("fork", "1000_ckpt_6", "--result", "80")
    shell.fails("fork", "1000_ckpt_9", "--set", "nothing=1")
    shell.fails("fork", "1000_ckpt_9", "--say", "1001: hello")
    assert files(negotiation) == before


def test_a_fork_that_is_interrupted_says_how_to_go_on(negotiation: Path) -> None:
    """In a process of its own: the pipe's end interrupts it in the middle."""
    command = [sys.executable, "-m", "playbooks", "fork", "1000_ckpt_9", "--result", "80"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stdout and process.stderr
    process.stdout.readline()
    process.terminate()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "Resume with: playbooks run negotiation.pb --resume s1"


def test_a_response_from_a_closed_stdin_is_a_mistake(
    negotiation: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert shell.fails("fork", "1000_ckpt_9", "--response", "-").startswith("--response - reads what comes on stdin,")


@pytest.mark.parametrize(
    ("text", "said"), [("1000: hi", ("1000", "hi")), ("you: a: b", ("you", "a: b")), (" Seller :x ", ("Seller", "x"))]
)
def test_what_to_say_is_an_agent_a_colon_and_a_text(text: str, said: tuple[str, str]) -> None:
    assert saying(text) == said


@pytest.mark.parametrize("text", ["", "hello", "1000:", ":hi", "1000: "])
def test_what_says_nothing_is_a_mistake(text: str) -> None:
    with pytest.raises(UserError, match='write "AGENT: TEXT"'):
        saying(text)


def test_a_fork_of_what_broke_off_in_the_middle_of_a_response_asks_for_it_again(
    negotiation: Path, shell: Shell
) -> None:
    """What followed is gone from 1000_ckpt_6 on, as after a crash: the Seller's response is there only in part."""
    for row in shell("timeline", "--json").document["checkpoints"][8:]:
        (negotiation / f".checkpoints/{row['agent']}/{row['id']}.pkl").unlink()
    for id in ("1000_ckpt_4", "1000_ckpt_5"):
        done = shell("fork", id)
        assert (done.status, done.out.splitlines()[-1]) == (0, "Seller → you: The pen: sold at 80."), id
