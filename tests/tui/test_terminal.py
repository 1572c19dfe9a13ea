"""In a real terminal: it is always given back, whatever ends the program, and nothing but the screen draws on it."""

from __future__ import annotations

import os
import signal
import sys
import termios
from pathlib import Path

import pexpect
import pyte
import pytest
from tui.programs import SELLS, SHOP, SLEEPS

_LEAVES_THE_SCREEN = "\x1b[?1049l"
_SHOWS_THE_CURSOR = "\x1b[?25h"
_PATIENCE_S = 60
"""How long a screen that does not change is waited for: as long as a busy machine may take to start a process."""
_RUN = "import sys; from playbooks.cli.entry import run_command; sys.exit(run_command(sys.argv[1:]))"


class Terminal:
    """The debugger on a terminal of 120 × 36, read as a person would."""

    def __init__(self, folder: Path, model: str, *arguments: str, first: str = "") -> None:
        (folder / "shop.pb").write_text(SHOP)
        (folder / "model.py").write_text(model)
        (folder / "playbooks.toml").write_text("[model]\ntoken_delay_s = 0\n")
        self.screen = pyte.Screen(120, 36)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = pexpect.spawn(
            sys.executable,
            ["-c", first + _RUN, "debug", *(arguments or ("shop.pb",))],
            cwd=str(folder),
            dimensions=(36, 120),
            env=environment,
        )

    def until(self, *texts: str) -> None:
        """Reads until every text stands on the screen, all at once: each may be drawn in a frame of its own."""
        while missing := [text for text in texts if text not in self.shown]:
            try:
                self._read(self.process.read_nonblocking(65_536, timeout=_PATIENCE_S))
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

    def _read(self, data: bytes) -> None:
        self.raw += data
        self._stream.feed(data)

    @property
    def after(self) -> str:
        """What was written after the screen was left."""
        return self.raw.decode().rpartition(_LEAVES_THE_SCREEN)[2]

    def given_back(self) -> bool:
        text = self.raw.decode()
        return _LEAVES_THE_SCREEN in text and text.rfind(_SHOWS_THE_CURSOR) > text.rfind("\x1b[?25l")


def test_a_program_that_ends_leaves_with_0_and_says_nothing(alone: Path) -> None:
    terminal = Terminal(alone, SELLS)
    terminal.until("FINISHED", "Sold at 80.")
    terminal.process.send("q")
    assert terminal.end() == 0
    assert terminal.given_back()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_with_everything_kept_and_the_line_that_resumes(alone: Path, number: int) -> None:
    terminal = Terminal(alone, SLEEPS)
    terminal.until("four")
    before = termios.tcgetattr(terminal.process.child_fd)
    terminal.process.kill(number)
    assert terminal.end() == 130
    assert terminal.given_back()
    assert "Resume with: playbooks debug shop.pb --resume s1" in terminal.after
    assert not before[3] & termios.ICANON  # it was taken, so that the test can fail


def test_what_the_program_prints_by_any_way_never_tears_the_screen(alone: Path) -> None:
    prints = SLEEPS.replace(
        "def respond(request):",
        'import os, sys, warnings\ndef respond(request):\n    os.write(1, b"by descriptor\\n")\n'
        '    os.write(2, b"to stderr\\n")\n    os.system("echo by a child")\n    print("by print")\n'
        '    warnings.warn("a warning")',
    )
    terminal = Terminal(alone, prints)
    terminal.until("four")
    terminal.process.send("6")
    terminal.until("by descriptor", "to stderr", "by a child", "by print", "a warning", "● RUNNING")
    assert terminal.screen.display[0].lstrip().startswith("● RUNNING")
    terminal.process.send("q")
    assert terminal.end() == 130


def test_a_program_with_a_mistake_is_one_line_and_no_screen(alone: Path) -> None:
    (alone / "broken.pb").write_text("no heading\n")
    terminal = Terminal(alone, SELLS, "broken.pb")
    assert terminal.end() == 2
    text = terminal.raw.decode()
    assert text.startswith("broken.pb") and text.count("\n") == 1 and "\x1b[?1049h" not in text


def test_a_mistake_of_ours_gives_the_terminal_back_and_prints_no_local_variable(alone: Path) -> None:
    crash = (
        "from playbooks_tui.widgets import head\n"
        "def broken(self, y):\n"
        "    secret = 'hunter' + '2'\n"
        "    raise KeyError('lost')\n"
        "head.Head.line = broken\n"
    )
    terminal = Terminal(alone, SELLS, first=crash)
    assert terminal.end() == 1
    assert terminal.given_back()
    assert "unexpected KeyError" in terminal.after and "hunter2" not in terminal.raw.decode()
