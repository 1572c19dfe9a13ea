"""In a real terminal: it is always given back, whatever ends the program, and nothing but the screen draws on it."""

from __future__ import annotations

import signal
import termios
from pathlib import Path

import pytest
from tui.programs import ASKS, SELLS, SLEEPS
from tui.terminal import Terminal

from playbooks.checkpoints import open_store


def test_a_program_that_ends_leaves_with_0_and_says_how_it_ended_and_how_it_is_looked_at_again(alone: Path) -> None:
    terminal = Terminal(alone, SELLS)
    terminal.until("FINISHED", "Sold at 80.")
    terminal.process.send("q")
    assert terminal.end() == 0
    assert terminal.given_back()
    last_words = "Finished: Sold at 80.\r\nLook back with: playbooks debug shop.pb --resume s1\r\n"
    assert terminal.after.endswith(last_words)
    again = Terminal(alone, SELLS, "shop.pb", "--resume", "s1")
    again.until("FINISHED", "Sold at 80.")
    again.process.send("q")
    assert again.end() == 0
    assert again.after.endswith(last_words)


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


def test_a_window_that_is_closed_ends_the_process_with_everything_kept(alone: Path) -> None:
    terminal = Terminal(alone, SLEEPS)
    terminal.until("four")
    terminal.close_window()
    assert terminal.status() == 130
    store = open_store("filesystem", alone / ".checkpoints")
    assert [session.status for session in store.sessions()] == ["interrupted"]


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


A_SHELL = """
import os, signal, sys, termios
if child := os.fork():
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(child, child)
    own = termios.tcgetattr(0)
    os.tcsetpgrp(0, child)
    while os.WIFSTOPPED(status := os.waitpid(child, os.WUNTRACED)[1]):
        os.tcsetpgrp(0, os.getpgrp())
        print("STOPPED", "as it was" if termios.tcgetattr(0) == own else "still taken", flush=True)
        assert input() == "fg"
        os.tcsetpgrp(0, child)
        os.killpg(child, signal.SIGCONT)
    os._exit(os.waitstatus_to_exitcode(status))
os.setpgid(0, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
os.tcsetpgrp(0, os.getpgrp())
signal.signal(signal.SIGTTOU, signal.SIG_DFL)
"""
"""What a shell does for a job, around the command that follows."""


def test_ctrl_z_gives_the_terminal_back_to_the_shell_and_fg_goes_on_where_it_was(alone: Path) -> None:
    terminal = Terminal(alone, ASKS, first=A_SHELL)
    terminal.until("WAITING FOR YOU", "How much?")
    terminal.process.send("\x1a")
    terminal.until("STOPPED as it was")
    assert terminal.given_back()
    terminal.screen.reset()
    terminal.process.send("fg\n")
    terminal.until("WAITING FOR YOU", "How much?")
    terminal.process.send("i")
    terminal.until("Enter say")
    terminal.process.send("80\r")
    terminal.until("FINISHED", "So 80")
    terminal.process.send("q")
    assert terminal.end() == 0
    assert terminal.given_back()


def test_ctrl_z_says_what_to_do_where_no_shell_could_go_on_with_it(alone: Path) -> None:
    terminal = Terminal(alone, ASKS)
    terminal.until("WAITING FOR YOU", "How much?")
    terminal.process.send("\x1a")
    terminal.until("no shell started this that could go on with it: Ctrl+C twice leaves")
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


def test_without_a_program_the_sessions_are_listed_and_one_is_opened_and_resumed(alone: Path) -> None:
    first = Terminal(alone, SLEEPS)
    first.until("four")
    first.process.send("q")
    assert first.end() == 130
    again = Terminal(alone, SLEEPS, "--trust")
    again.until("SESSIONS  1 session in .checkpoints", "interrupted")
    again.process.send("\r")
    again.until("INTERRUPTED", "Enter resumes")
    again.process.send("r")
    again.until("RUNNING")
    again.process.send("q")
    assert again.end() == 130
    assert again.given_back()


@pytest.mark.parametrize("how", ["Ctrl+C", "kill -9", "SIGTERM"])
def test_a_run_that_was_left_in_any_way_is_resumed_from_the_timeline_to_its_end(alone: Path, how: str) -> None:
    size = (80, 24) if how == "Ctrl+C" else (120, 36)
    first = Terminal(alone, ASKS, size=size)
    first.until("How much?", "WAITING FOR YOU")
    if how == "Ctrl+C":
        first.process.send("\x03")
        first.until("again leaves")
        first.process.send("\x03")
        assert first.end() == 130
        assert first.given_back()
    else:
        first.process.kill(signal.SIGKILL if how == "kill -9" else signal.SIGTERM)
        assert first.end() == (-signal.SIGKILL if how == "kill -9" else 130)
    again = Terminal(alone, ASKS, size=size)
    again.until("INTERRUPTED", "Enter resumes", "How much?")
    again.process.send("\r")
    again.until("WAITING FOR YOU")
    again.process.send("i")
    again.until("Enter say")  # the line has the focus
    again.process.send("80\r")
    again.until("FINISHED", "So 80")
    again.process.send("q")
    assert again.end() == 0
    assert again.given_back()


def test_a_window_that_is_resized_is_drawn_anew_whole(alone: Path) -> None:
    terminal = Terminal(alone, ASKS, size=(180, 50))
    terminal.until("WAITING FOR YOU", "Inspector  Shop 1000", "How much?")
    for columns, rows, shown in ((80, 24, "│ Inspector"), (180, 50, "Inspector  Shop 1000")):
        terminal.resize(columns, rows)
        terminal.until(shown, "WAITING FOR YOU", "How much?", "help")
        lines = terminal.screen.display
        assert "WAITING FOR YOU" in lines[0] and "help" in lines[-1]
    terminal.process.send("q")
    assert terminal.end() == 130
