"""`sessions`, `timeline`, `show`, `diff`, `label`, `export`: what they tell."""

from __future__ import annotations

import html
import re
import time
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from cli.kept import READING, Shell
from msgspec.structs import replace

from playbooks.checkpoints.record import Kind
from playbooks.session.library import SessionLibrary, Timeline

ADDRESS = re.compile(r"0x[0-9a-f]{6,}")

ODD = '''---
model: script:odd.py
---
# Odd
```python
import math

class Pen:
    def __init__(self):
        self.ink = (drop for drop in "ink")
        self.name = "pen"

pen = Pen()

def half(x):
    return x / 2

@playbook
async def Twice(x: int) -> int:
    """Doubles."""
    return 2 * x

@playbook
async def Make():
    """Makes what can't be stored."""
    return (n for n in [1])
```
## Main
### Triggers
- When the program starts
### Steps
- Go
'''


# -- sessions and timelines --------------------------------------------------------------------------------------------


def test_sessions_tells_id_program_status_checkpoints_and_last_time(negotiation: Path, shell: Shell) -> None:
    (only,) = shell("sessions", "--json").document
    assert (only["id"], only["program"], only["status"], only["checkpoints"]) == (
        "s1",
        "negotiation.pb",
        "finished",
        43,
    )
    assert only["created"] < only["time"] <= time.time()
    head, row = shell("sessions").out.splitlines()
    assert head.split() == ["SESSION", "PROGRAM", "STATUS", "CHECKPOINTS", "LAST", "LABEL"]
    assert row.split()[:4] == ["s1", "negotiation.pb", "finished", "43"]


def test_a_timeline_has_just_the_documented_shape(negotiation: Path, shell: Shell) -> None:
    document = shell("timeline", "--json").document
    assert list(document) == ["session", "program", "status", "branches", "checkpoints"]
    assert document["branches"] == [
        {"name": "main", "head": document["checkpoints"][-1]["id"], "forked_from": None, "status": "finished"}
    ]
    assert {tuple(row) for row in document["checkpoints"]} == {
        ("id", "agent", "number", "sequence", "parent", "branch", "statement", "step", "playbook", "kind", "degraded",
         "time", "label")
    }  # fmt: skip


def test_a_timeline_says_who_returned_and_how_it_ended_in_the_words_of_the_screen(
    negotiation: Path, shell: Shell
) -> None:
    lines = [line.partition("  ")[2] for line in shell("timeline").out.splitlines()]
    ends = [line for line in lines if "■" in line]
    assert any("■ Main is done" in line for line in ends)
    assert any("‹ Advise returned" in line for line in lines)
    assert "■ the program ends" in ends[-1] or "■ The pen" in ends[-1]
    assert not any("await Return" in line for line in lines)


def test_a_timeline_is_in_sequence_order_and_every_parent_comes_before_its_child(
    negotiation: Path, shell: Shell
) -> None:
    rows = shell("timeline", "--json").document["checkpoints"]
    assert [row["sequence"] for row in rows] == list(range(1, 44))
    assert all(child["parent"] == parent["id"] for parent, child in pairwise(rows))
    assert (rows[0]["id"], rows[0]["kind"], rows[0]["parent"]) == ("human_ckpt_1", "start", None)
    assert {row["kind"] for row in rows} <= set(get_args(Kind))
    assert all(row["id"] == f"{row['agent']}_ckpt_{row['number']}" for row in rows)
    assert 'await Say("user", "The pen: sold at 80.")' in [row["statement"] for row in rows]


def test_the_newest_session_is_the_one_written_last(negotiation: Path, shell: Shell) -> None:
    assert shell("run", "negotiation.pb").status == 0
    assert shell("timeline", "--json").document["session"] == "s2"
    assert shell("timeline", "s1", "--json").document["session"] == "s1"
    assert [row["id"] for row in shell("sessions", "--json").document] == ["s1", "s2"]


def test_a_timeline_in_a_pipe_is_plain_and_draws_where_a_branch_leaves(negotiation: Path, shell: Shell) -> None:
    assert shell("fork", "1000_ckpt_9", "--result", "80", "--label", "cheap").status == 0
    lines = shell("timeline").out.splitlines()
    assert not any("\x1b" in line for line in lines)
    left = next(place for place, line in enumerate(lines) if "1000_ckpt_9 " in line)
    assert lines[left + 1] == "|-."
    assert lines[left + 2].startswith("* |  1000_ckpt_10 ")
    forked = next(line for line in lines if "◇" in line)
    assert forked.startswith("  *  1000_ckpt_24 ")
    assert forked.endswith("◇ cheap: result = 80, was 95")
    assert [line[-17:] for line in lines if line.endswith("finished)")] == [
        "(main, finished)"[-17:].rjust(17),
        "(cheap, finished)",
    ]


# -- one checkpoint ----------------------------------------------------------------------------------------------------


def test_show_adds_variables_stack_messages_and_response(negotiation: Path, shell: Shell) -> None:
    row = shell("timeline", "--json").document["checkpoints"][14]
    document = shell("show", "1000_ckpt_9", "--json").document
    assert row.items() <= document.items()
    assert document["variables"]["1000"] == {
        "item": {"type": "str", "value": "pen"},
        "price": {"type": "int", "value": 100},
        "floor": {"type": "int", "value": 70},
        "offers": {"type": "list", "value": [60]},
    }
    assert document["variables"]["1002"] == {"least": {"type": "int", "value": 70}}
    stack = document["call_stack"]["1000"]
    assert [frame["playbook"] for frame in stack] == ["Main", "Haggle"]
    assert (stack[1]["arguments"], stack[1]["step"], stack[1]["line"]) == (
        {"item": {"type": "str", "value": "pen"}}, "Haggle:02:EXE", 6
    )  # fmt: skip
    assert "$price = await Counter(60)" in document["llm_response"]


def test_a_message_is_delivered_once_its_receiver_has_taken_it(negotiation: Path, shell: Shell) -> None:
    said = shell("show", "1000_ckpt_13", "--json").document["messages"][-1]
    assert said == {"id": 5, "from": "1000", "to": ["1002"], "text": "75?", "delivered": False}
    heard = shell("show", "1002_ckpt_2", "--json").document["messages"][-1]
    assert heard == {**said, "delivered": True}
    assert "On their way" in shell("show", "1000_ckpt_13").out
    assert "On their way" not in shell("show", "1002_ckpt_2").out


@pytest.mark.parametrize("agent", ["1000", "1001", "1002"])
def test_every_checkpoint_of_model_code_shows_the_response_its_statement_stands_in(
    negotiation: Path, shell: Shell, agent: str
) -> None:
    for row in shell("timeline", "--json").document["checkpoints"]:
        if row["agent"] == agent:
            response = shell("show", row["id"], "--json").document["llm_response"]
            assert row["statement"] in response, row["id"]


def test_what_is_shown_holds_no_function_no_module_and_no_address(alone: Path, shell: Shell) -> None:
    (alone / "odd.pb").write_text(ODD)
    (alone / "odd.py").write_text(
        "def respond(request):\n    return '''\n"
        "import json\ndef inner(a=1):\n    return a\n"
        "local = await Make()\n"
        "other = {1: pen, 'set': {3, 1, 2}}\n"
        "four = await Twice(2)\n"
        'await Say("user", f"{four}")\n'
        "await EndProgram()\n'''\n"
    )
    (alone / "playbooks.toml").write_text("[durability]\nenabled = true\n")
    done = shell("run", "odd.pb")
    assert done.status == 0, done.err
    rows = shell("timeline", "--json").document["checkpoints"]
    last = rows[-2]["id"]
    document = shell("show", last, "--json").document
    shown = document["variables"]["1000"]
    assert {"pen", "local", "other", "four"} <= set(shown)
    assert {"half", "Twice", "inner", "math", "json", "Say", "Pen"} & set(shown) == set()
    assert shown["pen"]["type"] == "Pen"
    assert "set': {1, 2, 3}" in shown["other"]["repr"]
    assert "could not be stored (a generator" in shown["local"]["repr"]
    assert [row["degraded"] for row in rows if "Make" in row["statement"]] == [["$result", "$pen.ink"]]
    for command in (("show", last), ("show", last, "--json"), ("export",), ("timeline",)):
        assert not ADDRESS.search(shell(*command).out)


LONG_NUMBERS = """---
model: script:long.py
---
# Counter
```python
import itertools

@playbook
async def Double(n):
    return 2 * n
```
## Main
### Triggers
- When the program starts
### Steps
- Count
"""


def test_a_program_may_count_further_than_python_writes(alone: Path, shell: Shell) -> None:
    (alone / "long.pb").write_text(LONG_NUMBERS)
    code = (
        "own = 7 ** 9_000\nfrom_there = itertools.count(own)\n$all = [await Double(own), range(own)]\n"
        "await Say('user', str(own % 1_000))\nawait EndProgram()\n"
    )
    (alone / "long.py").write_text(f"def respond(request):\n    return {code!r}\n")
    (alone / "playbooks.toml").write_text("[durability]\nenabled = true\n")
    done = shell("run", "long.pb")
    assert (done.status, done.out) == (0, "Counter → you: 1\n"), done.err
    rows = shell("timeline", "--json").document["checkpoints"]
    for row in rows:
        assert shell("show", row["id"]).status == 0 and shell("show", row["id"], "--json").document["id"] == row["id"]
    double = next(row["id"] for row in rows if row["kind"] == "tool")
    assert shell("run", "long.pb", "--resume", double).out.endswith("\nCounter → you: 1\n")
    assert shell("diff", rows[0]["id"], rows[-1]["id"], "--json").status == 0


# -- differences -------------------------------------------------------------------------------------------------------


def test_diff_names_what_changed_and_the_common_ancestor(negotiation: Path, shell: Shell) -> None:
    assert shell("fork", "1000_ckpt_9", "--result", "80").status == 0
    document = shell("diff", "1000_ckpt_22", "1000_ckpt_35", "--json").document
    assert (document["a"], document["b"], document["ancestor"]) == ("1000_ckpt_22", "1000_ckpt_35", "1000_ckpt_9")
    assert document["variables"] == {
        "1000": {"ending": {"a": {"type": "str", "value": "sold at 80"}, "b": {"type": "str", "value": "no deal"}}},
        "1002": {"margin": {"a": {"type": "int", "value": 5}, "b": None}},
    }
    first = document["messages"][0]
    assert (first["a"]["text"], first["b"]["text"]) == ("I can do $95.", "I can do $80.")
    assert document["messages"][-1]["b"] is None
    response = document["code"]["responses"]["1000"]
    assert ("sold at 80" in response["a"], "no deal" in response["b"]) == (True, True)
    assert document["code"]["program"] == {}
    lines = shell("diff", "1000_ckpt_22", "1000_ckpt_35").out.splitlines()
    assert "- 1000.ending = 'sold at 80'" in lines
    assert "+ 1000.ending = 'no deal'" in lines
    assert "- 1000 → 1001  I can do $95." in lines


def test_diff_of_an_ancestor_has_that_as_the_common_one(negotiation: Path, shell: Shell) -> None:
    assert shell("diff", "1000_ckpt_6", "1001_ckpt_2", "--json").document["ancestor"] == "1000_ckpt_6"
    line = next(line for line in shell("diff", "1000_ckpt_6", "1001_ckpt_2").out.splitlines() if line[:1] == "~")
    assert line.endswith("(first: on its way; second: heard by 1001)")


def test_diff_of_a_checkpoint_with_itself_finds_nothing(negotiation: Path, shell: Shell) -> None:
    document = shell("diff", "1000_ckpt_9", "1000_ckpt_9", "--json").document
    assert (document["ancestor"], document["variables"], document["messages"]) == ("1000_ckpt_9", {}, [])
    assert "Nothing differs" in shell("diff", "1000_ckpt_9", "1000_ckpt_9").out


def test_diff_tells_one_from_true(negotiation: Path, shell: Shell) -> None:
    assert shell("fork", "1000_ckpt_8", "--set", "$odd=[1]", "--label", "one").status == 0
    assert shell("fork", "1000_ckpt_8", "--set", "$odd=[True]", "--label", "true").status == 0
    heads = {row["name"]: row["head"] for row in shell("timeline", "--json").document["branches"]}
    assert "odd" in shell("diff", heads["one"], heads["true"], "--json").document["variables"]["1000"]


def test_diff_shows_a_changed_program(negotiation: Path, shell: Shell) -> None:
    text = (negotiation / "negotiation.pb").read_text()
    (negotiation / "cheaper.pb").write_text(text.replace("// 8)", "// 2)"))
    assert shell("fork", "1000_ckpt_8", "--program", "cheaper.pb").status == 0
    assert "- 1000.ending = 'sold at 80'" not in shell("diff", "1000_ckpt_8", "1000_ckpt_24").out
    assert list(shell("diff", "1000_ckpt_8", "1000_ckpt_24", "--json").document["code"]["program"]) == [
        "negotiation.pb", "cheaper.pb"
    ]  # fmt: skip


# -- labels ------------------------------------------------------------------------------------------------------------


def test_a_label_is_shown_wherever_its_checkpoint_is(negotiation: Path, shell: Shell) -> None:
    assert shell("label", "1000_ckpt_9", " the  turning\npoint ").out == "1000_ckpt_9 is now “the turning point”\n"
    assert shell("label", "s1", "a deal").status == 0
    rows = {row["id"]: row["label"] for row in shell("timeline", "--json").document["checkpoints"]}
    assert (rows["1000_ckpt_9"], rows["1000_ckpt_10"]) == ("the turning point", None)
    assert shell("show", "1000_ckpt_9", "--json").document["label"] == "the turning point"
    assert shell("sessions", "--json").document[0]["label"] == "a deal"
    assert "“the turning point”" in shell("timeline").out
    assert "“the turning point”" in shell("show", "1000_ckpt_9").out


def test_an_empty_text_takes_a_label_away(negotiation: Path, shell: Shell) -> None:
    shell("label", "1000_ckpt_9", "x")
    assert shell("label", "1000_ckpt_9", "").out == "1000_ckpt_9 has no label now\n"
    assert shell("show", "1000_ckpt_9", "--json").document["label"] is None


# -- exports -----------------------------------------------------------------------------------------------------------


def test_an_export_holds_every_message_whole(alone: Path, shell: Shell) -> None:
    long = "word " * 300 + "end"
    (alone / "long.pb").write_text(
        "---\nmodel: script:long.py\n---\n# A\n## Main\n### Triggers\n- When the program starts\n### Steps\n- Speak\n"
    )
    said = f"<script>alert(1)</script> & {long}"
    (alone / "long.py").write_text(
        f"def respond(request):\n    return '''await Say(\"user\", {said!r})\nawait EndProgram()'''\n"
    )
    (alone / "playbooks.toml").write_text("[durability]\nenabled = true\n")
    assert shell("run", "long.pb").status == 0
    assert long in shell("export").out
    assert "<script" not in shell("export").out.replace("\\<script", "")
    page = shell("export", "--format", "html").out
    assert html.escape(said) in page
    assert "<script" not in page


def test_an_export_tells_every_branch_and_what_it_changed(negotiation: Path, shell: Shell) -> None:
    shell("fork", "1000_ckpt_9", "--result", "80", "--label", "cheap")
    lines = shell("export", "s1").out.splitlines()
    assert [line for line in lines if line.startswith("## ")] == [
        "## main (finished)",
        "## cheap, left 1000\\_ckpt\\_9: result = 80, was 95 (finished)",
    ]
    assert "> The pen: no deal." in lines
    assert "*Seller* `Counter(60) = 95` `1000_ckpt_9`" in lines


def test_an_export_keeps_what_was_said_before_a_prune(negotiation: Path, shell: Shell) -> None:
    before = [line for line in shell("export").out.splitlines() if line.startswith(">")]
    assert shell("prune", "--keep", "1").status == 0
    assert [line for line in shell("export").out.splitlines() if line.startswith(">")] == before


@pytest.mark.parametrize("when", [-1e300, 1e18])
def test_an_export_says_of_an_absurd_time_only_that(
    negotiation: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch, when: float
) -> None:
    asked = SessionLibrary.timeline

    def timeline(library: SessionLibrary, session: str | None) -> Timeline:
        found = asked(library, session)
        return replace(found, session=replace(found.session, created=when))

    monkeypatch.setattr(SessionLibrary, "timeline", timeline)
    assert "s1, ?, finished, " in shell("export", "s1").out


# -- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [command for command in READING if command[0] != "doctor"])
def test_a_folder_without_checkpoints_is_one_line_and_status_2(alone: Path, shell: Shell, command: tuple[str]) -> None:
    said = shell.fails(*command)
    assert said.startswith(".checkpoints: no checkpoints are here; `playbooks run PROGRAM`")
    assert not (alone / ".checkpoints").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["timeline", "s9"], "there is no session s9; there is s1"),
        (["export", "s9"], "there is no session s9; there is s1"),
        (["label", "s9", "x"], "there is no session s9; there is s1"),
        (["prune", "--session", "s9"], "there is no session s9; there is s1"),
        (["show", "1000_ckpt_99"], "there is no checkpoint 1000_ckpt_99; agent 1000 has 1000_ckpt_1 to 1000_ckpt_23"),
        (["diff", "1000_ckpt_1", "9_ckpt_1"], "there is no checkpoint 9_ckpt_1; checkpoints are of human, 1000"),
        (["fork", "1000_ckpt_99"], "there is no checkpoint 1000_ckpt_99; agent 1000 has 1000_ckpt_1 to 1000_ckpt_23"),
        (["label", "1000_ckpt_99", "x"], "there is no checkpoint 1000_ckpt_99; agent 1000 has"),
        (["show", "1000_ckp_9"], "1000_ckp_9 is no id of a checkpoint; did you mean 1000_ckpt_"),
        (["show", "1000_ckpt_0"], "1000_ckpt_0 is no id of a checkpoint; did you mean 1000_ckpt_"),
        (["show", f"1000_ckpt_{'9' * 5_000}"], f"1000_ckpt_{'9' * 5_000} is no id of a checkpoint; an id looks"),
        (["show", "../../etc"], "../../etc is no id of a checkpoint; an id looks like"),
        (["prune", "--all"], "--all takes a whole session away; name it"),
        (["prune", "--session", "s1", "--all", "--keep", "3"], "--all and --keep exclude each other"),
        (["export", "--format", "pdf"], "playbooks export: invalid value for '--format'"),
        (["fork", "1000_ckpt_9", "--response", "x", "--regenerate"], "--response and --regenerate exclude each other"),
        (["fork", "1000_ckpt_9", "--response", "missing.py"], "missing.py: can't be read: No such file"),
        (["fork", "1000_ckpt_9", "--say", "hello"], "--say 'hello' says nothing"),
        (["fork", "1000_ckpt_9", "--set", "price=1"], "price: line 6 sets it next"),
        (["fork", "1000_ckpt_9", "--program", "missing.pb"], "missing.pb: no such file"),
        (["fork", "1000_ckpt_9", "--temperature", "9"], "model.temperature must be"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_one_line_that_says_what_there_is(
    negotiation: Path, shell: Shell, arguments: list[str], said: str
) -> None:
    assert shell.fails(*arguments).startswith(said)


def test_nobody_runs_or_waits_where_the_program_has_ended(negotiation: Path, shell: Shell) -> None:
    assert "Seller 1000  running" in shell("show", "1000_ckpt_22").out.splitlines()
    shown = shell("show", "1000_ckpt_23").out.splitlines()
    assert [line for line in shown if line.startswith(("Seller", "Buyer", "Boss"))] == [
        "Seller 1000  idle", "Buyer 1001  idle", "Boss 1002  idle"
    ]  # fmt: skip
