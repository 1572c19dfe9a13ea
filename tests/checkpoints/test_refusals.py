"""What the disk or the system refuses is one line with path and reason, and leaves nothing half."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from checkpoints.records import KEY, begin, checkpoint, fresh

from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.store import StorageError

SETUP = """
import os
from playbooks.checkpoints.filesystem import FileStore
from checkpoints.records import begin, checkpoint
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own."""
    path = os.pathsep.join(sys.path)
    return subprocess.run(
        [sys.executable, "-c", SETUP + code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_is_one_clear_line_and_leaves_nothing_half() -> None:
    found = run(
        """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = FileStore(key=b"k" * 32)
begin(store)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    store.write(checkpoint(store.next_number("1000"), 3, events=["x" * 5000]))
except Exception as error:
    print(type(error).__name__, error)
print(sorted(os.listdir(".checkpoints/1000")))
"""
    )
    told, left = found.stdout.splitlines()
    assert told.startswith("StorageError .checkpoints: checkpoints can't be kept: File too large; make room")
    assert left == "['.highest', '1000_ckpt_1.pkl']"
    assert [header.sequence for header in fresh().headers("s1")] == [1, 2]


@pytest.mark.parametrize("number", [28, 30, 13, 5])
def test_each_refusal_is_one_line_with_path_and_reason(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    begin(store)

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(StorageError) as told:
        store.write(checkpoint(2, 3))
    assert str(told.value).startswith(f".checkpoints: checkpoints can't be kept: {os.strerror(number)}; ")
    assert "\n" not in str(told.value)
    assert sorted(os.listdir(".checkpoints/1000")) == [".highest", "1000_ckpt_1.pkl"]


def test_a_folder_that_can_not_be_written_is_still_read(store: FileStore) -> None:
    begin(store)
    store.close()
    os.rename(".checkpoints", "there")
    Path(".checkpoints").symlink_to("there")
    for path in [*Path("there").rglob("*"), Path("there")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert len(fresh().headers("s1")) == 2 and len(fresh().sessions()) == 1
        if os.geteuid():
            with pytest.raises(StorageError, match="make it writable"):
                fresh().next_number("1000")
    finally:
        for path in [Path("there"), *Path("there").rglob("*")]:
            path.chmod(0o700)


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """Lets a call of the system fail, as a full disk or a storage that is read-only does, for whoever it is."""

    def refused(*args: object, **kwargs: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, refused)


def test_a_session_in_a_storage_that_is_read_only_is_refused_in_one_line(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(store)
    refuse(monkeypatch, "open", errno.EROFS)
    with pytest.raises(StorageError, match=r"^\.checkpoints: checkpoints can't be kept: Read-only .*make it"):
        store.lock("s1").__enter__()


def test_a_session_can_be_held_on_a_full_disk_to_make_room(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(store)
    refuse(monkeypatch, "write", errno.ENOSPC)
    with store.lock("s1"):
        assert store.is_open("s1")


def test_a_folder_that_was_taken_away_while_a_run_wrote_to_it_is_said_to_be_gone(store: FileStore) -> None:
    begin(store)
    shutil.rmtree(".checkpoints")
    with pytest.raises(StorageError, match="the folder was taken away"):
        store.write(checkpoint(2, 3))


def test_a_storage_path_that_is_a_file_is_one_clear_line() -> None:
    Path("taken").write_text("")
    store = FileStore("taken", key=KEY)
    assert store.headers() == []
    with pytest.raises(StorageError, match="taken: checkpoints can't be kept"):
        store.next_number("1000")
    with pytest.raises(StorageError):
        store.new_session_id()
