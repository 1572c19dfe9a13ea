"""The commands that read change nothing, and tell what is open, cut off or by another hand in the folder they read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.kept import READING, Shell, files
from msgspec.structs import replace

from playbooks.checkpoints import open_store
from playbooks.checkpoints.record_file import from_bytes, to_bytes


def test_reading_changes_no_file(negotiation: Path, shell: Shell) -> None:
    before = files(negotiation)
    for command in READING:
        done = shell(*command)
        assert done.status == 0, (command, done)
    assert files(negotiation) == before


def test_reading_works_while_a_process_runs_the_session_and_says_so(negotiation: Path, shell: Shell) -> None:
    store = open_store("filesystem", ".checkpoints")
    with store.lock("s1"):
        store.set_status("s1", "main", "running")
        assert shell("sessions", "--json").document[0]["status"] == "running"
        for command in READING:
            assert shell(*command).status == 0
        for command in (["fork", "1000_ckpt_9"], ["prune", "--session", "s1", "--all"], ["prune", "--keep", "1"]):
            done = shell(*command)
            assert (done.status, done.out) == (1, "")
            assert f"session s1 is open in process {os.getpid()}" in done.err
    store.close()
    assert shell("sessions", "--json").document[0]["status"] == "interrupted"


def test_a_truncated_file_is_named_and_never_half_used(negotiation: Path, shell: Shell) -> None:
    file = negotiation / ".checkpoints/1000/1000_ckpt_9.pkl"
    file.write_bytes(file.read_bytes()[:-70])
    (negotiation / ".checkpoints/catalog.db").unlink(missing_ok=True)
    done = shell("timeline", "--json")
    assert [row["id"] for row in done.document["checkpoints"] if row["id"] == "1000_ckpt_9"] == []
    assert done.err.splitlines() == ["Left out .checkpoints/1000/1000_ckpt_9.pkl: cut off, or no checkpoint"]
    for id in ("1000_ckpt_9", "1000_ckpt_10", "1000_ckpt_13"):
        said = shell.fails("show", id, status=1)
        assert said.startswith(f"{id} can't be looked at: .checkpoints/1000/1000_ckpt_9.pkl: cut off")
    assert shell("show", "1000_ckpt_8").status == 0
    assert "damaged: .checkpoints/1000/1000_ckpt_9.pkl" in shell("doctor").out


def test_what_another_user_wrote_is_shown_and_forked_only_with_trust(
    negotiation: Path, shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "state" / "checkpoint.key").unlink()
    assert shell("show", "1000_ckpt_9", "--json").document["variables"]["1000"]["price"]["value"] == 100
    assert "not written by this user's engine" in shell("show", "1000_ckpt_9").out
    assert shell("timeline").status == 0
    needs = "needs   --trust: 1000_ckpt_9 was not written by this user's engine"
    assert shell("fork", "1000_ckpt_9", "--plan").out.splitlines()[-1] == needs
    assert needs not in shell("fork", "1000_ckpt_9", "--plan", "--trust").out
    said = shell.fails("fork", "1000_ckpt_9")
    assert said == (
        "1000_ckpt_9 was not written by this user's engine; "
        "look at it with `playbooks show`, or add --trust if you know where it comes from"
    )
    assert shell("fork", "1000_ckpt_9", "--trust").status == 0


@pytest.mark.parametrize(
    ("provider", "broken"),
    [("filesystem", "no key"), ("filesystem", "read by others"), ("filesystem", "no home"), ("sqlite", "no key")],
)
def test_without_a_usable_key_all_can_be_looked_at_as_foreign_and_nothing_is_written(
    negotiation: Path, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, broken: str
) -> None:
    if provider == "sqlite":
        monkeypatch.setenv("PLAYBOOKS_DURABILITY__PROVIDER", provider)
        monkeypatch.setenv("PLAYBOOKS_DURABILITY__KEEP_LAST_N", "0")
        assert shell("run", "negotiation.pb").status == 0
    key = tmp_path / "state" / "checkpoint.key"
    if broken == "no key":
        key.write_bytes(b"short")
    elif broken == "read by others":
        key.chmod(0o644)
    else:
        monkeypatch.setenv("PLAYBOOKS_STATE_DIR", str(key / "below a file"))
    before = files(negotiation)
    for command in READING[:-1]:
        done = shell(*command)
        assert done.status == 0 and done.out, command
        (said,) = done.err.splitlines()
        assert "checkpoint.key: " in said and "so all sessions count as foreign; " in said, command
    assert "not written by this user's engine" in shell("show", "1000_ckpt_23").out
    for command in (
        ("label", "s1", "mine"),
        ("prune", "s1", "--all"),
        ("fork", "1000_ckpt_23", "--trust"),
        ("run", "negotiation.pb", "--resume", "s1", "--trust"),
        ("run", "negotiation.pb"),
    ):
        assert "checkpoint.key: " in shell.fails(*command, status=1)
    assert files(negotiation) == before


def test_one_foreign_file_below_an_own_one_is_enough_to_need_trust(negotiation: Path, shell: Shell) -> None:
    file = negotiation / ".checkpoints/1000/1000_ckpt_5.pkl"
    checkpoint, _ = from_bytes(file.read_bytes(), None)
    file.write_bytes(to_bytes(checkpoint, None))
    assert shell.fails("fork", "1000_ckpt_9").startswith("1000_ckpt_5 was not written")
    assert shell("fork", "1000_ckpt_4").status == 0
    (negotiation / ".checkpoints/.sessions/s1/status.jsonl").unlink()
    said = shell.fails("run", "negotiation.pb", "--resume", "1000_ckpt_9")
    assert said.startswith("1000_ckpt_5 was not written")


def test_a_foreign_response_is_never_served_to_a_fork(negotiation: Path, shell: Shell) -> None:
    for row in shell("timeline", "--json").document["checkpoints"][12:]:
        file = negotiation / f".checkpoints/{row['agent']}/{row['id']}.pkl"
        checkpoint, _ = from_bytes(file.read_bytes(), None)
        asked = next((event for event in checkpoint.events if event[0] == "ModelAsked"), None)
        if asked is not None:
            break
    said = ["ResponseReceived", asked[1], 'await Say("user", "planted")\nawait EndProgram()\n', False]
    events = [event for event in checkpoint.events if event[0] != "ResponseReceived"]
    place = events.index(asked) + 1
    events[place:place] = [said, ["ResponseEnded", asked[1], 0, 0, 0.0]]
    file.write_bytes(to_bytes(replace(checkpoint, events=events), None))
    assert "planted" not in shell("fork", "1000_ckpt_7").out
    assert "planted" in shell("fork", "1000_ckpt_7", "--trust").out


def test_a_reader_that_leaves_early_is_no_error(negotiation: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "playbooks", "timeline"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=300
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_is_shown_without_its_control_characters(negotiation: Path, shell: Shell) -> None:
    file = negotiation / ".checkpoints/1000/1000_ckpt_9.pkl"
    checkpoint, _ = from_bytes(file.read_bytes(), None)
    header = type(checkpoint.header)(
        **{
            **{name: getattr(checkpoint.header, name) for name in checkpoint.header.__struct_fields__},
            "text": "\x1b[2J\x1b]0;owned\x07red",
            "statement": "await\x1b[31m \ud800",
        }
    )
    checkpoint = type(checkpoint)(header, checkpoint.events, None, checkpoint.base, checkpoint.span)
    file.write_bytes(to_bytes(checkpoint, None))
    (negotiation / ".checkpoints/catalog.db").unlink(missing_ok=True)
    for command in READING:
        done = shell(*command)
        assert (done.status, "\x1b" in done.out + done.err) == (0, False), command
