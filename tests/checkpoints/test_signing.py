"""The user's key: made once, kept from others, never silently replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from playbooks.checkpoints import signing
from playbooks.checkpoints.signing import KEY_BYTES, state_folder, user_key
from playbooks.checkpoints.store import StorageError


def test_the_key_is_made_once_and_readable_by_the_user_alone() -> None:
    key = user_key()
    assert len(key) == KEY_BYTES and user_key() == key
    assert os.listdir(state_folder()) == ["checkpoint.key"]
    assert stat.S_IMODE((state_folder() / "checkpoint.key").stat().st_mode) == 0o600


def test_a_key_that_another_process_makes_at_the_same_moment_is_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    make = signing._make

    def overtaken(path: Path) -> None:
        path.write_bytes(b"o" * KEY_BYTES)
        path.chmod(0o600)
        make(path)

    monkeypatch.setattr(signing, "_make", overtaken)
    assert user_key() == b"o" * KEY_BYTES
    assert os.listdir(state_folder()) == ["checkpoint.key"]


def test_two_users_have_different_keys(tmp_path: Path) -> None:
    assert user_key(tmp_path / "a") != user_key(tmp_path / "b")


def test_a_key_that_is_none_is_one_clear_line() -> None:
    user_key()
    (state_folder() / "checkpoint.key").write_bytes(b"short")
    with pytest.raises(StorageError, match="this is no key"):
        user_key()


@pytest.mark.skipif(os.name != "posix", reason="file modes")
@pytest.mark.parametrize("mode", [0o666, 0o644, 0o640])
def test_a_key_that_others_could_have_read_or_written_is_not_used(mode: int) -> None:
    user_key()
    (state_folder() / "checkpoint.key").chmod(mode)
    with pytest.raises(StorageError, match="chmod 600"):
        user_key()


def test_a_folder_that_can_not_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="PLAYBOOKS_STATE_DIR"):
        user_key(tmp_path / "file" / "state")


def test_a_user_without_a_home_is_told_where_to_put_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("PLAYBOOKS_STATE_DIR")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(StorageError, match="no home folder; set PLAYBOOKS_STATE_DIR"):
        user_key()


@pytest.mark.skipif(os.name != "posix", reason="where it lies elsewhere")
def test_the_state_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLAYBOOKS_STATE_DIR")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert state_folder() == Path("/x/playbooks")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/h")
    assert state_folder() == Path("/h/.local/state/playbooks")
