"""`make bench`: measures against the goals and the peers, and writes `docs/benchmarks.md`.

Each of them runs in a process of its own, one after another, always in the same order. The peers are installed into an
environment of their own (`bench/.peers`) by pip, where pip brings them; what can't be installed or run is a dash with
the reason below. Everything is written below one folder that is taken away at the very end: file systems are slow at
making files right after thousands were deleted.

    python bench/run.py [--quick] [--no-peers] [--no-screen] [--json FILE] [--output FILE] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import report
from report import TITLES, Measured

HERE = Path(__file__).resolve().parent
PEERS = {"langgraph": ("langgraph>=1.2,<2", "langgraph-checkpoint-sqlite>=3,<4"), "dbos": ("dbos>=3.4,<4",)}
PEER_MEMORY = 6 << 30
"""Bytes a peer may take: one that lists without bound must not take the machine's."""
PEER_S = 900


def ours(provider: str, folder: Path, many: int) -> dict[str, Any]:
    """Our rows of one provider."""
    command = [sys.executable, str(HERE / "ours.py"), provider, str(folder), str(many)]
    path = os.pathsep.join((str(HERE.parent / "engine"), os.environ.get("PYTHONPATH", "")))
    return _printed(command, {**os.environ, "PYTHONPATH": path}, None)


def peer(name: str, python: Path | None, folder: Path, count: int) -> dict[str, Any]:
    """A peer's rows; with `error` when it can't be installed or run."""
    if python is None:
        return {"error": "pip does not bring it"}
    return _printed([str(python), str(HERE / f"{name}_peer.py"), str(folder), str(count)], dict(os.environ), PEER_S)


def _printed(command: list[str], env: dict[str, str], limit_s: float | None) -> dict[str, Any]:
    bounded = _bound_memory if limit_s is not None and os.name == "posix" else None
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=limit_s, check=True, preexec_fn=bounded
        )
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found
    except subprocess.CalledProcessError as error:
        return {"error": (error.stderr.strip().splitlines() or ["it failed"])[-1][:200]}
    except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
        return {"error": f"{type(error).__name__}"}


def _bound_memory() -> None:
    import resource  # not on every system

    resource.setrlimit(resource.RLIMIT_AS, (PEER_MEMORY, PEER_MEMORY))


def environment() -> dict[str, Path | None]:
    """The Python to run each peer with; None for those that pip does not bring."""
    folder = HERE / ".peers"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print("installing the peers, once …", file=sys.stderr)
        venv.create(folder, with_pip=True)
    found: dict[str, Path | None] = {}
    for name, needs in PEERS.items():
        there = subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0
        if not there:
            install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *needs]
            there = subprocess.run(install, capture_output=True, check=False).returncode == 0
        found[name] = python if there else None
    return found


def screen(quick: bool) -> dict[str, Any]:
    """The screen's rows."""
    command = [sys.executable, str(HERE / "screen.py"), *(["--quick"] if quick else [])]
    found = _printed(command, dict(os.environ), None)
    return found.get("screen", found)


def machine() -> str:
    """What it was measured on."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores{load}"
    return f"{system}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"


def main() -> None:
    options = argparse.ArgumentParser(prog="bench/run.py")
    options.add_argument("--quick", action="store_true", help="N up to 10,000, and the peers' up to 1,000")
    options.add_argument("--no-peers", action="store_true", help="ours alone")
    options.add_argument("--no-screen", action="store_true", help="storage alone")
    options.add_argument("--json", metavar="FILE", help="write the figures there too")
    options.add_argument("--output", metavar="FILE", help="write the tables there; of a full run docs/benchmarks.md")
    options.add_argument(
        "--folder", metavar="DIR", help="where to write what is measured; a folder of the system's own"
    )
    given = options.parse_args()
    many, count = (10_000, 1_000) if given.quick else (100_000, 10_000)
    folder = Path(tempfile.mkdtemp(prefix="playbooks-bench-", dir=given.folder))
    print(machine(), file=sys.stderr)
    found: dict[str, dict[str, Any]] = {}
    screens: dict[str, Any] = {}
    try:
        pythons = {} if given.no_peers else environment()
        for name in ("filesystem", "sqlite", *pythons):
            print(f"measuring {TITLES[name]} …", file=sys.stderr)
            own = folder / name
            own.mkdir()
            found[name] = peer(name, pythons[name], own, count) if name in PEERS else ours(name, own, many)
        if not given.no_screen:
            screens = screen(given.quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = report.document(Measured(f"{machine()}; N up to {many:,}, the peers' {count:,}", found, screens))
    print(text)
    partial = given.quick or given.no_peers or given.no_screen
    if output := given.output or ("" if partial else str(HERE.parent / "docs" / "benchmarks.md")):
        Path(output).parent.mkdir(exist_ok=True)
        Path(output).write_text(text, encoding="utf-8")
        print(f"written to {output}", file=sys.stderr)
    if given.json:
        data = {"machine": machine(), "rows": found, "screen": screens}
        Path(given.json).write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
