"""A real terminal for tests: a process on a pseudo-terminal, and the screen that it draws."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
import time
from pathlib import Path

import pexpect
import pyte
import pytest
from tui.programs import SHOP

LEAVES_THE_SCREEN = "\x1b[?1049l"
_SHOWS_THE_CURSOR = "\x1b[?25h"
_PATIENCE_S = 120
"""How long a text is waited for: as long as a busy machine may take to start a process."""
_RUN = "import sys; from playbooks.cli.entry import run_command; sys.exit(run_command(sys.argv[1:]))"


class Terminal:
    """The debugger on a terminal, read as a person would.

    Args:
        folder: Where it is started; the shop is put there.
        model: The script that plays the shop.
        arguments: Of `playbooks debug`; the shop when empty.
        first: Python that runs before the command.
        size: Columns and rows.
    """

    def __init__(
        self, folder: Path, model: str, *arguments: str, first: str = "", size: tuple[int, int] = (120, 36)
    ) -> None:
        (folder / "shop.pb").write_text(SHOP)
        (folder / "model.py").write_text(model)
        (folder / "playbooks.toml").write_text("[model]\ntoken_delay_s = 0\n")
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        environment = {
            # Without a size of ours: it would be taken for the terminal's.
            **{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")},
            "TERM": "xterm-256color",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        self.process = pexpect.spawn(
            sys.executable,
            ["-c", first + _RUN, "debug", *(arguments or ("shop.pb",))],
            cwd=str(folder),
            dimensions=size[::-1],
            # Set by pexpect itself only once the process runs: a fast one would take the terminal for 80 × 24.
            preexec_fn=lambda: termios.tcsetwinsize(0, size[::-1]),
            env=environment,
        )

    def until(self, *texts: str) -> None:
        """Reads until every text stands on the screen, all at once: each may be drawn in a frame of its own."""
        end = time.monotonic() + _PATIENCE_S  # in all: a clock on the screen would keep it alive for ever
        while missing := [text for text in texts if text not in self.shown]:
            try:
                self._read(self.process.read_nonblocking(65_536, timeout=max(0.1, end - time.monotonic())))
                if time.monotonic() > end:
                    raise pexpect.TIMEOUT("")
            except (pexpect.TIMEOUT, pexpect.EOF) as error:
                pytest.fail(f"{type(error).__name__} before {missing} was shown; the screen:\n{self.shown}")

    @property
    def shown(self) -> str:
        """The screen as it is now."""
        return "\n".join(self.screen.display)

    def end(self) -> int:
        """Reads to the end; gives the exit status."""
        try:
            while True:
                self._read(self.process.read_nonblocking(65_536, timeout=_PATIENCE_S))
        except pexpect.EOF:
            pass
        self.process.close()
        return int(self.process.exitstatus if self.process.exitstatus is not None else -self.process.signalstatus)

    def resize(self, columns: int, rows: int) -> None:
        """Gives the window another size; what was drawn at the old one is gone."""
        self.screen.reset()
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def close_window(self) -> None:
        """Takes the terminal away: the kernel sends SIGHUP, then SIGCONT, and every write fails from then on."""
        self.process.ptyproc.fileobj.close()
        self.process.closed = self.process.ptyproc.closed = True

    def status(self) -> int:
        """Waits for the end of a process whose window is closed; gives the exit status, -9 when it stays."""
        killer = threading.Timer(_PATIENCE_S, os.kill, (self.process.pid, signal.SIGKILL))
        killer.start()
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self.process.pid, 0)[1])
        finally:
            killer.cancel()

    def _read(self, data: bytes) -> None:
        self.raw += data
        self._stream.feed(data)

    @property
    def after(self) -> str:
        """What was written after the screen was left."""
        return self.raw.decode().rpartition(LEAVES_THE_SCREEN)[2]

    def given_back(self) -> bool:
        text = self.raw.decode()
        return LEAVES_THE_SCREEN in text and text.rfind(_SHOWS_THE_CURSOR) > text.rfind("\x1b[?25l")
