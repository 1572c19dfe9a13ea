"""`make bench`: measures against the goals and the peers, and prints one table.

Each of them runs in a process of its own, one after another, always in the same order. The peers are installed into an
environment of their own (`bench/.peers`) by pip, where pip brings them; what can't be installed or run is a dash with
the reason below. Everything is written below one folder that is taken away at the very end: file systems are slow at
making files right after thousands were deleted.

    python bench/run.py [--quick] [--no-peers] [--json FILE] [--folder DIR]
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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PEERS = {"langgraph": ("langgraph>=1.2,<2", "langgraph-checkpoint-sqlite>=3,<4"), "dbos": ("dbos>=3.4,<4",)}
TITLES = {"filesystem": "files", "sqlite": "SQLite", "langgraph": "LangGraph", "dbos": "DBOS"}
PEER_MEMORY = 6 << 30
"""Bytes a peer may take: one that lists without bound must not take the machine's."""
PEER_S = 900


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    title: str
    key: str
    unit: str
    goals: Mapping[str, float]
    """By provider; none for a row that is shown only."""


ROWS = (
    Row("a checkpoint, N = 1,000, first", "first_us", "µs", {"filesystem": 200, "sqlite": 100}),
    Row("the same, last", "last_us", "µs", {"filesystem": 200, "sqlite": 100}),
    Row("growth to the largest N, median", "growth", "×", {"filesystem": 1.15, "sqlite": 1.15}),
    Row("growth, mean of all", "growth_mean", "×", {}),
    Row("bytes a checkpoint, N = 10,000", "bytes", "", {"filesystem": 1500, "sqlite": 900}),
    Row("the same, random letters", "noise_bytes", "", {}),
    Row("restore the newest, N = 10,000", "restore_ms", "ms", {"filesystem": 40, "sqlite": 20}),
    Row("list the history, N = 10,000", "list_ms", "ms", {"filesystem": 30, "sqlite": 30}),
    Row("fork in the middle to a new statement", "fork_ms", "ms", {"filesystem": 60, "sqlite": 40}),
    Row("a statement with an await, durability off", "statement_us", "µs", {"filesystem": 40}),
    Row("with fsync (peers always sync), first", "fsync_first_us", "µs", {"filesystem": 500, "sqlite": 400}),
    Row("the same, last", "fsync_last_us", "µs", {"filesystem": 500, "sqlite": 400}),
)


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


def shown(value: float | None, unit: str) -> str:
    """A figure for the table."""
    if value is None:
        return "—"
    if unit == "×":
        return f"×{value:.2f}"
    text = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    return f"{text} {unit}".strip()


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The table, as Markdown: each figure of ours with its goal, each peer's with its ratio to our better one."""
    names = list(found)
    lines = ["| | " + " | ".join(_title(name, found[name]) for name in names) + " |", "|---" * (len(names) + 1) + "|"]
    for row in ROWS:
        own = [found[name][row.key] for name in ("filesystem", "sqlite") if row.key in found.get(name, {})]
        cells = []
        for name in names:
            value = found[name].get(row.key)
            cell = shown(value, row.unit)
            if value is not None and (goal := row.goals.get(name)) is not None:
                cell += f" (goal {shown(goal, row.unit)}{'' if value <= goal else ', missed'})"
            elif value is not None and name in PEERS and own and row.unit != "×":
                cell += f" (×{value / min(own):.1f})"
            cells.append(cell)
        lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _title(name: str, rows: Mapping[str, Any]) -> str:
    return " ".join(part for part in (TITLES[name], str(rows.get("version", ""))) if part)


def machine() -> str:
    """What it was measured on."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores{load}"
    return f"{system}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"


def main() -> None:
    options = argparse.ArgumentParser(prog="bench/run.py")
    options.add_argument("--quick", action="store_true", help="N up to 10,000, and the peers' up to 1,000")
    options.add_argument("--no-peers", action="store_true", help="ours alone")
    options.add_argument("--json", metavar="FILE", help="write the figures there too")
    options.add_argument(
        "--folder", metavar="DIR", help="where to write what is measured; a folder of the system's own"
    )
    given = options.parse_args()
    many, count = (10_000, 1_000) if given.quick else (100_000, 10_000)
    folder = Path(tempfile.mkdtemp(prefix="playbooks-bench-", dir=given.folder))
    print(machine(), file=sys.stderr)
    found: dict[str, dict[str, Any]] = {}
    try:
        pythons = {} if given.no_peers else environment()
        for name in ("filesystem", "sqlite", *pythons):
            print(f"measuring {TITLES[name]} …", file=sys.stderr)
            own = folder / name
            own.mkdir()
            found[name] = peer(name, pythons[name], own, count) if name in PEERS else ours(name, own, many)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{machine()}; N up to {many:,}, the peers' {count:,}\n\n{table(found)}")
    for name, rows in found.items():
        if reason := rows.get("error") or rows.get("fork_error"):
            print(f"\n{TITLES[name]}: {reason}")
        if rows.get("listed"):
            print(f"\n{TITLES[name]} listed {rows['listed']:,}.")
    if given.json:
        Path(given.json).write_text(json.dumps({"machine": machine(), "rows": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
