"""`playbooks doctor`: it finds what keeps a resume from working, and `--fix` mends one file and no other."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

import pytest
import tomlkit
from cli.kept import Shell, files
from hypothesis import given
from hypothesis import strategies as st

from playbooks.errors import UserError
from playbooks.session.config_file import changed

TOML = Path("playbooks.toml")


def finding(out: str, subject: str) -> str:
    """The lines of a subject, with their signs."""
    return "\n".join(line for line in out.splitlines() if line.split()[1] == subject)


def test_every_point_of_the_guides_list_is_answered(negotiation: Path, shell: Shell) -> None:
    done = shell("doctor")
    assert done.status == 0
    assert finding(done.out, "config").startswith("✓") and "playbooks.toml" in finding(done.out, "config")
    assert finding(done.out, "durability").startswith("✓")
    assert "FilesystemCheckpointProvider" in finding(done.out, "provider")
    assert ".checkpoints" in finding(done.out, "storage")
    assert "43 of agents 1000, 1001, 1002, human in 1 session" in finding(done.out, "checkpoints")
    assert "LLM response present: True" in finding(done.out, "checkpoints")
    assert "set ANTHROPIC_API_KEY" in finding(done.out, "model")
    assert finding(done.out, "terminal").startswith("!")


def test_durability_that_is_off_is_wrong_and_fix_turns_it_on(alone: Path, shell: Shell) -> None:
    done = shell("doctor")
    assert done.status == 1
    assert finding(done.out, "durability").startswith("✗")
    assert "doctor --fix" in finding(done.out, "durability")
    assert not TOML.exists()
    fixed = shell("doctor", "--fix")
    assert fixed.status == 0
    assert finding(fixed.out, "durability").startswith("✓")
    assert TOML.read_text() == "[durability]\nenabled = true\n"


def test_fix_keeps_comments_order_and_everything_else(alone: Path, shell: Shell) -> None:
    before = (
        "# mine\ntimeout_s = 20   # short\n\n[durability] # keep\nenabled = false # later\nkeep_last_n = 3\n\n"
        '[model]\nname="x"\n'
    )
    TOML.write_text(before)
    os.chmod(TOML, 0o640)
    assert shell("doctor", "--fix").status in (0, 1)
    assert TOML.read_text() == before.replace("enabled = false", "enabled = true")
    assert stat.S_IMODE(TOML.stat().st_mode) == 0o640
    assert [path.name for path in alone.iterdir()] == ["playbooks.toml"]


def test_fix_writes_nothing_when_there_is_nothing_to_fix(alone: Path, shell: Shell) -> None:
    TOML.write_text("[durability]\nenabled = true\n")
    was = TOML.stat()
    assert "nothing to write" in shell("doctor", "--fix").out
    assert (TOML.stat().st_ino, TOML.stat().st_mtime_ns) == (was.st_ino, was.st_mtime_ns)


def test_fix_follows_a_link_and_leaves_it_one(alone: Path, shell: Shell, tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("timeout_s = 20\n")
    TOML.symlink_to(real)
    shell("doctor", "--fix")
    assert TOML.is_symlink()
    assert tomllib.loads(real.read_text()) == {"timeout_s": 20, "durability": {"enabled": True}}


@pytest.mark.parametrize("text", ["[durability]\n[durability]\n", "nonsense\n", "[durability]\nenabeld = true\n"])
def test_a_file_with_a_mistake_is_named_and_never_touched(alone: Path, shell: Shell, text: str) -> None:
    TOML.write_text(text)
    done = shell("doctor")
    assert (done.status, "playbooks.toml:" in finding(done.out, "config")) == (1, True)
    assert shell.fails("doctor", "--fix").startswith("playbooks.toml:")
    assert TOML.read_text() == text


def test_a_variable_that_turns_durability_off_is_named(
    negotiation: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYBOOKS_DURABILITY__ENABLED", "false")
    assert "PLAYBOOKS_DURABILITY__ENABLED" in finding(shell("doctor").out, "durability")


@pytest.mark.parametrize(
    ("text", "subject", "said"),
    [
        ('provider = "redis"', "provider", 'there is no checkpoint provider "redis"'),
        ('storage_path = "file"', "storage", "file is no folder"),
    ],
)
def test_a_storage_that_cant_be_used_is_wrong(alone: Path, shell: Shell, text: str, subject: str, said: str) -> None:
    Path("file").touch()
    TOML.write_text(f"[durability]\nenabled = true\n{text}\n")
    done = shell("doctor")
    assert (done.status, finding(done.out, subject)[0]) == (1, "✗")
    assert said in finding(done.out, subject)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('provider = "script"\npath = "gone.py"', "gone.py"),
        ('provider = "openai"\nname = "gpt-5"', "openai/gpt-5: no key for openai: set OPENAI_API_KEY"),
    ],
)
def test_a_model_that_was_chosen_and_cant_be_used_is_wrong(alone: Path, shell: Shell, text: str, said: str) -> None:
    TOML.write_text(f"[durability]\nenabled = true\n[model]\n{text}\n")
    done = shell("doctor")
    assert (done.status, finding(done.out, "model")[0]) == (1, "✗")
    assert said in finding(done.out, "model")


def test_an_interrupted_session_is_offered_with_the_command_that_resumes_it(
    negotiation: Path, shell: Shell, tmp_path: Path
) -> None:
    (negotiation / ".checkpoints/.sessions/s1/status.jsonl").unlink()
    said = finding(shell("doctor").out, "checkpoints")
    assert "s1 is interrupted, LLM response present: True; `playbooks run negotiation.pb --resume` goes on" in said
    (tmp_path / "state" / "checkpoint.key").unlink()  # as another user would meet it
    assert "`playbooks run negotiation.pb --resume --trust` goes on" in finding(shell("doctor").out, "checkpoints")


def test_without_fix_nothing_is_written(negotiation: Path, shell: Shell) -> None:
    TOML.write_text("[durability]\nenabled = false\n")
    before = files(negotiation)
    shell("doctor")
    assert files(negotiation) == before


KEYS = st.text("abcdefgh_", min_size=1, max_size=6)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(KEYS | st.just("durability"), VALUES, max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans()
)
def test_one_value_is_set_and_every_other_stays(values: dict[str, object], ends: str, mark: bool) -> None:
    text = ("\ufeff" if mark else "") + ("# first\n" + tomlkit.dumps(values) + "# last\n").replace("\n", ends)
    try:
        made = changed(text, "durability", "enabled", True, file="f")
    except UserError:
        assert not isinstance(values.get("durability", {}), dict)
        return
    table = values.get("durability", {})
    assert isinstance(table, dict)
    read = tomllib.loads(made.removeprefix("\ufeff").replace("\r\n", "\n"))
    assert read == {**values, "durability": {**table, "enabled": True}}
    assert made.startswith("\ufeff") == mark
    assert "# first" in made and "# last" in made
    assert made.count("\n") == made.count(ends)
    assert changed(made, "durability", "enabled", True, file="f") == made


@given(st.text())
def test_no_text_makes_the_writer_crash(text: str) -> None:
    try:
        made = changed(text, "durability", "enabled", True, file="f")
    except UserError as error:
        assert str(error).startswith("f: ")
    else:
        assert tomllib.loads(made.removeprefix("\ufeff").replace("\r\n", "\n"))["durability"]["enabled"] is True
