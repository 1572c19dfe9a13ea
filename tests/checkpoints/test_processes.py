"""Real processes: killed while they write, started at once, ended while they hold a session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.signing import user_key
from playbooks.checkpoints.store import SessionOpen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")

START = "from playbooks.checkpoints.filesystem import FileStore\nfrom checkpoints.records import begin, checkpoint\n"
WRITER = """
store = FileStore(clock=iter(range(10**9)).__next__)
session = store.new_session_id()
with store.lock(session):
    store.set_status(session, "main", "running")
    begin(store, session)
    print("begun", session, flush=True)
    for sequence in range(3, 10**6):
        written = checkpoint(store.next_number("1000"), sequence, session=session, events=["x" * 300])
        store.write(written)
        print(written.header.id, flush=True)
"""
HOLDER = """
with FileStore().lock("s1"):
    print("held", flush=True)
    input()
"""


def start(code: str) -> subprocess.Popen[str]:
    """A process that runs code, with its output to be read."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", START + code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    """The next lines it prints."""
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kills it; returns what it had still printed."""
    process.kill()
    assert process.stdout is not None
    rest = process.stdout.read()  # not `communicate`, which passes by what was read ahead
    process.wait()
    for stream in (process.stdin, process.stdout):
        stream.close() if stream is not None else None
    return rest.split("\n")[:-1]  # a line that was cut off was not printed


def test_a_kill_at_any_moment_leaves_every_checkpoint_whole_and_loses_none() -> None:
    for printed in (1, 7, 20, 51):
        process = start(WRITER)
        told = lines(process, printed)
        told += kill(process)
        session = told[0].split()[1]
        store = FileStore()
        found = store.headers(session)
        assert not store.damaged()
        assert [header.sequence for header in found] == list(range(1, len(found) + 1))
        written = [id for id in told[1:] if id]
        ids = [header.id for header in found][2:]
        assert ids[: len(written)] == written and len(ids) - len(written) <= 1
        assert {info.id: info.status for info in store.sessions()}[session] == "interrupted"
        store.close()
    assert not [path for path in Path(".checkpoints").rglob("*") if "draft" in path.name]


def test_two_processes_in_one_folder_never_take_the_same_number() -> None:
    both = [start(WRITER), start(WRITER)]
    told = [lines(process, 40) for process in both]
    for process, printed in zip(both, told, strict=True):
        printed += kill(process)
    written = [line for printed in told for line in printed[1:] if line]
    assert len(written) == len(set(written))
    store = FileStore()
    assert {header.session for header in store.headers()} == {"s1", "s2"}
    assert set(written) <= {header.id for header in store.headers()} and not store.damaged()
    store.close()


def test_a_session_held_by_a_process_is_refused_and_free_once_it_is_killed() -> None:
    process = start(HOLDER)
    lines(process, 1)
    store = FileStore()
    with pytest.raises(SessionOpen) as told, store.lock("s1"):
        pass
    assert told.value.pid == process.pid
    kill(process)
    with store.lock("s1"):
        pass


def test_processes_that_start_at_once_end_up_with_one_key() -> None:
    code = "from playbooks.checkpoints.signing import user_key\ninput()\nprint(user_key().hex())\n"
    several = [start(code) for _ in range(3)]
    keys = {process.communicate("\n")[0].strip() for process in several}
    assert keys == {user_key().hex()}


def test_the_room_imports_no_screen_and_no_model() -> None:
    code = (
        "import sys, playbooks.checkpoints\n"
        "print([name for name in ('textual', 'rich', 'litellm', 'asyncio') if name in sys.modules])"
    )
    out, _ = start(code).communicate()
    assert out.strip() == "[]"
