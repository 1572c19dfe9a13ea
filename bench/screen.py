"""The screen's rows: each measured in a process of its own, on a terminal of its own (a pty of 160 × 45).

    python bench/screen.py [--quick] [NAME…]      prints one JSON object: {"screen": {key: figure}}

What a child process measures itself it prints last, as JSON on a pipe; first paint and keys are timed from outside, as
a person would: from the start of the process, or from the key, to the bytes on the terminal.
"""

from __future__ import annotations

import argparse
import compileall
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SIZE = (45, 160)
PATIENCE_S = 300
SHELL = "import sys; from playbooks.cli.entry import run_command; sys.exit(run_command(sys.argv[1:]))"
BARE = "from textual.app import App\nfrom textual.widgets import Label\n"
BARE += "class Bare(App):\n    def compose(self):\n        yield Label('painted')\nBare().run()\n"
PROGRAM = """---
model: script:model.py
---
# Bench
Says things.
## Main
### Triggers
- When the program starts
### Steps
- Say them
"""
SAYS = 'def respond(request):\n    return \'await Say("user", "painted")\\nawait asyncio.sleep(3600)\\n\'\n'
SPINS = 'def respond(request):\n    return \'await Say("user", "painted")\\nwhile True: pass\\n\'\n'


class Process:
    """A process on a terminal of its own."""

    def __init__(self, command: list[str], folder: Path) -> None:
        rooms = (str(HERE.parent / "engine"), str(HERE.parent / "tui"), os.environ.get("PYTHONPATH", ""))
        path = os.pathsep.join(rooms)
        given = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": path}
        self.started = time.perf_counter()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, given)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self.seen = b""

    def read(self, seconds: float) -> bytes:
        """What it wrote within some time; empty: nothing."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.terminal, 65_536)
        except OSError:  # it is over
            return b""
        self.seen += data
        return data

    def until(self, words: bytes, seconds: float = 60) -> float:
        """Reads until some words were written; gives the seconds since the start."""
        deadline = time.perf_counter() + seconds
        while words not in self.seen:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{words!r} did not come")
            self.read(0.05)
        return time.perf_counter() - self.started

    def quiet(self, seconds: float = 0.3) -> None:
        """Reads until nothing comes for a while."""
        while self.read(seconds):
            pass

    def key(self, key: bytes, words: bytes, seconds: float = 10) -> float:
        """Presses a key; seconds until the words are on the terminal."""
        self.seen, before = b"", time.perf_counter()
        os.write(self.terminal, key)
        while words not in self.seen:
            if time.perf_counter() - before > seconds:
                raise TimeoutError(f"nothing came of {key!r}")
            self.read(0.02)
        return time.perf_counter() - before

    def ends(self, key: bytes, seconds: float) -> float:
        """Presses a key; seconds until the process is over."""
        before = time.perf_counter()
        os.write(self.terminal, key)
        while os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if time.perf_counter() - before > seconds:
                raise TimeoutError(f"it goes on after {key!r}")
            self.read(0.02)
        return time.perf_counter() - before

    def end(self) -> None:
        """Ends it, whatever it does."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def first_paint(folder: Path, quick: bool) -> dict[str, Any]:
    """`playbooks debug X` beside a bare Textual app, in turns, at the same load; both as installed: compiled."""
    compileall.compile_dir(HERE.parent / "engine", quiet=1)
    compileall.compile_dir(HERE.parent / "tui", quiet=1)
    (folder / "bench.pb").write_text(PROGRAM)
    (folder / "model.py").write_text(SAYS)
    ours, bare = [], []
    for _ in range(3 if quick else 9):
        for command, words, times in (
            ([sys.executable, "-c", SHELL, "debug", "bench.pb"], b"Timeline", ours),
            ([sys.executable, "-c", BARE], b"painted", bare),
        ):
            process = Process(command, folder)
            times.append(process.until(words))
            process.end()
    probe = Process([sys.executable, str(HERE / "screen_child.py"), "litellm"], folder)
    probe.until(b"litellm=")
    loaded = probe.seen.split(b"litellm=")[1][:1] == b"1"
    probe.end()
    times = (statistics.median(ours), statistics.median(bare))
    return {
        "paint_ms": times[0] * 1000,
        "bare_paint_ms": times[1] * 1000,
        "paint_ratio": times[0] / times[1],
        "litellm_loaded": int(loaded),
    }


def spinning(folder: Path, quick: bool) -> dict[str, Any]:
    """A key while model code never awaits; then Ctrl+C twice, which ends the statement and all else."""
    (folder / "bench.pb").write_text(PROGRAM)
    (folder / "model.py").write_text(SPINS)
    process = Process([sys.executable, "-c", SHELL, "debug", "bench.pb"], folder)
    try:
        process.until(b"painted")
        process.quiet()
        times = []
        for _ in range(5 if quick else 20):
            for key, words in ((b"2", b"Code"), (b"1", b"Stack")):
                times.append(process.key(key, words))
        process.key(b"\x03", b"PAUSING", 30)
        stopped = process.ends(b"\x03", 30)
    finally:
        process.end()
    return {
        "spin_key_ms": statistics.median(times) * 1000,
        "spin_key_worst_ms": max(times) * 1000,
        "spin_stop_s": stopped,
    }


def child(name: str) -> Callable[[Path, bool], dict[str, Any]]:
    """What a child measures itself."""

    def measured(folder: Path, quick: bool) -> dict[str, Any]:
        result = folder / "result.json"
        process = Process(
            [sys.executable, str(HERE / "screen_child.py"), name, str(result), "quick" if quick else "full"], folder
        )
        try:
            deadline = time.perf_counter() + PATIENCE_S
            while not result.exists() and time.perf_counter() < deadline:
                process.read(0.05)
                process.seen = process.seen[-65_536:]
            found: dict[str, Any] = json.loads(result.read_text())
            return found
        finally:
            process.end()

    return measured


MEASURES: Mapping[str, Callable[[Path, bool], dict[str, Any]]] = {
    "paint": first_paint,
    "many": child("many"),
    "moments": child("moments"),
    "six": child("six"),
    "memory": child("memory"),
    "spin": spinning,
}


def main() -> None:
    options = argparse.ArgumentParser(prog="bench/screen.py")
    options.add_argument("--quick", action="store_true", help="fewer repetitions")
    options.add_argument("names", nargs="*", choices=[[], *MEASURES], help="which; all")
    given = options.parse_args()
    found: dict[str, Any] = {}
    for name in given.names or MEASURES:
        print(f"measuring the screen: {name} …", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="playbooks-bench-") as folder:
            try:
                found |= MEASURES[name](Path(folder), given.quick)
            except (TimeoutError, OSError, ValueError) as error:
                found[f"{name}_error"] = str(error) or type(error).__name__
    print(json.dumps({"screen": found}))


if __name__ == "__main__":
    main()
