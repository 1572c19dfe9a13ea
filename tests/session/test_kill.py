"""Real processes of `playbooks run`, killed at many moments and resumed: each ends as the one that nobody killed."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import crash.child
import pytest

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.filesystem import FileStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")

PROGRAM = Path(__file__).parents[2] / "examples" / "negotiation.pb"
CONFIG = "[durability]\nenabled = true\nkeep_last_n = 0\n[model]\ntoken_delay_s = 0.0005\n"
RUN = ("run", str(PROGRAM), "--snoop", "true")
ENDING = "The pen: sold at 80."
CHECKPOINTS = 43
"""How many the whole negotiation makes; a kill after the nth needs n below."""
AT_ONCE = 3
"""Processes beside each other: each mostly waits for its scripted model."""


@dataclass(frozen=True)
class Account:
    """What a folder's checkpoints say of the one session in it."""

    status: str
    statements: dict[str, list[str]]
    messages: list[str]
    ending: str


class Negotiation:
    """A folder in which the negotiation is run, killed and resumed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "playbooks.toml").write_text(CONFIG)
        self.printed: list[str] = []
        """All lines that its processes gave."""

    def start(self, *more: str) -> subprocess.Popen[str]:
        """A process, running."""
        return self._process([*RUN, *more])

    def start_and_signal(self, number: signal.Signals, write: int) -> subprocess.Popen[str]:
        """A process that sends itself a signal after its nth write: at that moment, however busy the machine is."""
        spec = json.dumps({"die": number.name, "write": write})
        return self._process(RUN, [str(Path(crash.child.__file__)), spec])

    def _process(self, arguments: Sequence[str], program: Sequence[str] = ("-m", "playbooks")) -> subprocess.Popen[str]:
        path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)
        env = {**os.environ, "PYTHONPATH": path, "PLAYBOOKS_STATE_DIR": str(self.folder / "state")}
        return subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """Reads a process to its end: status, and what it gave on stderr."""
        out, err = process.communicate(timeout=300)
        self.printed += out.splitlines()
        return process.returncode, err

    def killed_when(self, process: subprocess.Popen[str], moment: Callable[[], bool]) -> None:
        """Kills a process at a moment; one that ended before is none to be killed."""
        while process.poll() is None and not moment():
            time.sleep(0.0005)
        process.kill()
        self.ended(process)

    def resumed(self) -> None:
        """Runs on to the end."""
        status, err = self.ended(self.start("--resume"))
        assert status == 0, err

    def follow(self, err: str) -> None:
        """Types the line that an interrupted run says resumes it."""
        found = re.search(r"^Resume with: playbooks (.*)$", err, re.MULTILINE)
        assert found, err
        status, err = self.ended(self._process(shlex.split(found[1])))
        assert status == 0, err

    def checkpoints(self) -> int:
        """How many files there are."""
        folder = self.folder / ".checkpoints"
        return sum(1 for _ in folder.glob("*/*_ckpt_*.pkl")) if folder.is_dir() else 0

    def has(self, count: int) -> Callable[[], bool]:
        """The moment at which so many checkpoints are there."""
        return lambda: self.checkpoints() >= count

    def account(self) -> Account:
        """What came of it; fails if a checkpoint is damaged or there is more than one session."""
        store = FileStore(self.folder / ".checkpoints", key=b"-" * 32)
        try:
            (session,) = store.sessions()
            headers = {header.id: header for header in store.headers(session.id)}
            assert not store.damaged()
            (branch,) = store.branches(session.id)
            assert len({(header.agent, header.number) for header in headers.values()}) == len(headers)
            chain = [headers[branch.head]]
            while chain[-1].parent:
                chain.append(headers[chain[-1].parent])
            assert len(chain) == len(headers), "a checkpoint stands beside the branch"
            statements: dict[str, list[str]] = {}
            for header in reversed(chain):
                if header.kind not in ("start", "interrupt"):
                    row = f"{header.kind} {header.statement} {header.text}"
                    statements.setdefault(header.agent, []).append(row)
            state = fold(store.read, branch.head).state
            messages = [state.message(id) for id in sorted(state.messages)]
            assert sorted(state.messages) == list(range(1, len(messages) + 1))
            said = [f"{row.sender} to {', '.join(row.receivers)}: {row.text}" for row in messages]
            return Account(session.status, statements, said, messages[-1].text)
        finally:
            store.close()

    def told_twice(self) -> list[str]:
        """Lines of the conversation that more than one of its processes gave."""
        said = [line for line in self.printed if " → " in line]
        return sorted({line for line in said if said.count(line) > 1})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def whole(folder: Path) -> Account:
    """What a run that nobody killed comes to."""
    negotiation = Negotiation(folder / "whole")
    status, err = negotiation.ended(negotiation.start())
    assert status == 0, err
    assert negotiation.printed[-1].endswith(ENDING)
    assert negotiation.checkpoints() == CHECKPOINTS
    return negotiation.account()


@pytest.fixture(scope="module")
def several() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool


def test_a_kill_after_any_of_twenty_checkpoints_changes_nothing(
    folder: Path, whole: Account, several: ThreadPoolExecutor
) -> None:
    def killed(count: int) -> tuple[Account, list[str]]:
        negotiation = Negotiation(folder / f"after-{count}")
        negotiation.ended(negotiation.start_and_signal(signal.SIGKILL, count))
        assert negotiation.checkpoints() == count
        negotiation.resumed()
        return negotiation.account(), negotiation.told_twice()

    places = [2, *range(3, CHECKPOINTS, 2)][:20]
    assert len(places) == 20
    for place, came in zip(places, several.map(killed, places), strict=True):
        assert came == (whole, []), f"killed after {place} checkpoints"


def test_a_kill_at_a_random_moment_changes_nothing(folder: Path, whole: Account, several: ThreadPoolExecutor) -> None:
    seed = int(os.environ.get("CRASH_SEED", "20261123"))  # `make crash` draws fresh ones
    pick = random.Random(seed)

    def killed(place: int, delay: float) -> tuple[Account, list[str]]:
        negotiation = Negotiation(folder / f"random-{place}")
        until = time.monotonic() + delay
        negotiation.killed_when(negotiation.start(), lambda: time.monotonic() >= until)
        negotiation.resumed()
        return negotiation.account(), negotiation.told_twice()

    delays = [pick.uniform(0.1, 2.0) for _ in range(6)]
    for delay, came in zip(delays, several.map(killed, range(6), delays), strict=True):
        assert came == (whole, []), f"killed after {delay:.3f} s (seed {seed})"


def test_a_kill_of_the_resume_changes_nothing_either(folder: Path, whole: Account, several: ThreadPoolExecutor) -> None:
    def killed(first: int, second: int) -> tuple[Account, list[str]]:
        negotiation = Negotiation(folder / f"twice-{first}-{second}")
        negotiation.killed_when(negotiation.start(), negotiation.has(first))
        negotiation.killed_when(negotiation.start("--resume"), negotiation.has(second))
        negotiation.resumed()
        return negotiation.account(), negotiation.told_twice()

    for came in several.map(killed, (4, 12, 25), (20, 13, 40)):
        assert came == (whole, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_130_and_the_line_that_resumes_to_the_same_end(
    number: signal.Signals, folder: Path, whole: Account, several: ThreadPoolExecutor
) -> None:
    def interrupted(count: int) -> tuple[Account, list[str]]:
        negotiation = Negotiation(folder / f"{number.name}-{count}")
        status, err = negotiation.ended(negotiation.start_and_signal(number, count))
        assert status == 130, err
        assert "Traceback" not in err
        store = FileStore(negotiation.folder / ".checkpoints", key=b"-" * 32)
        assert [info.status for info in store.sessions()] == ["interrupted"]
        store.close()
        negotiation.follow(err)
        return negotiation.account(), negotiation.told_twice()

    for came in several.map(interrupted, (2, 17, 35)):
        assert came == (whole, [])
