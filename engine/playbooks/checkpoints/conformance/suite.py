"""What every part of the suite stands on: the provider under test, made again and again, here and in processes.

Apart from the parts because each of them may be run alone.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from playbooks.checkpoints.sample import Kept
from playbooks.checkpoints.store import Store
from playbooks.extensions.provider import CheckpointProvider

_T = TypeVar("_T")
_PRELUDE = """
import importlib, sys
from playbooks.checkpoints.sample import Kept, begin, step
module, _, name = {spec!r}.partition(":")
provider = importlib.import_module(module)
for part in name.split("."):
    provider = getattr(provider, part)
kept, path = Kept(provider), {path!r}
"""


class Suite:
    """Base of the parts."""

    provider: ClassVar[type[CheckpointProvider]]
    """The class under test."""

    @pytest.fixture(autouse=True)
    def _own_key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither the user's key nor any of the user's checkpoints is used."""
        monkeypatch.setenv("PLAYBOOKS_STATE_DIR", str(tmp_path / "state"))

    @classmethod
    def made(cls, path: str | os.PathLike[str]) -> CheckpointProvider:
        """The provider, as another program makes it."""
        return Kept(cls.provider).made(path)

    @classmethod
    def opened(cls, path: str | os.PathLike[str]) -> Store:
        """The provider's checkpoints, as the engine uses them."""
        return Kept(cls.provider).opened(path)

    @classmethod
    def start(cls, path: str | os.PathLike[str], code: str) -> Process:
        """A process of its own that runs code, with `kept.opened(path)` and `begin` and `step` at hand."""
        spec = f"{cls.provider.__module__}:{cls.provider.__qualname__}"
        return Process(_PRELUDE.format(spec=spec, path=str(path)) + code)


def run(act: Coroutine[Any, Any, _T]) -> _T:
    """Runs one of the five calls to its end."""
    return asyncio.run(act)


class Process:
    """A process that prints lines and can be killed."""

    def __init__(self, code: str) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def lines(self, count: int) -> list[str]:
        """The next lines it prints."""
        assert self._process.stdout is not None
        return [self._process.stdout.readline().rstrip("\n") for _ in range(count)]

    def say(self, line: str) -> None:
        """Gives it a line to read."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def killed_after(self, seconds: float) -> list[str]:
        """Kills it a little later, at a moment that no line of its output tells; gives what it had still printed."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        return self.kill()

    def kill(self) -> list[str]:
        """Kills it, at whatever it is at; gives the whole lines it had still printed."""
        self._process.kill()
        assert self._process.stdout is not None
        rest = self._process.stdout.read()  # not `communicate`, which passes by what was read ahead
        self._end()
        return rest.split("\n")[:-1]

    def ended(self) -> list[str]:
        """Lets it go on, and gives what it prints to its end."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        rest = self._process.stdout.read()
        self._end()
        if self._process.returncode:
            raise AssertionError(f"a process of the suite ended with {self._process.returncode}")
        return rest.split("\n")[:-1]

    def _end(self) -> None:
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()


@contextmanager
def processes(*started: Process) -> Iterator[tuple[Process, ...]]:
    """Processes that are killed at the end, whatever happened."""
    try:
        yield started
    finally:
        for process in started:
            process._process.kill()
            process._end()
