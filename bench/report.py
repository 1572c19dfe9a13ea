"""Figures → the document: a table for storage, with the peers, and one for the screen, each row with its goal.

Apart from measuring so that a table can be written again from `--json`, and a row is one line here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TITLES = {"filesystem": "files", "sqlite": "SQLite", "langgraph": "LangGraph", "dbos": "DBOS"}
OURS = ("filesystem", "sqlite")


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    title: str
    key: str
    unit: str
    goals: Mapping[str, float] = field(default_factory=dict)
    """By provider; `screen` in the screen's table. None for a row that is shown only."""
    peer_key: str = ""
    """What a peer's figure is called, where it is not `key`."""


STORAGE = (
    Row("a checkpoint, N = 1,000, the first 100", "first_us", "µs", {"filesystem": 200, "sqlite": 100}),
    Row("a checkpoint, N = 1,000, the last 100", "last_us", "µs", {"filesystem": 200, "sqlite": 100}),
    Row("growth of that to the largest N", "growth", "×", {"filesystem": 1.15, "sqlite": 1.15}),
    Row("bytes a checkpoint, N = 10,000", "bytes", "", {"filesystem": 1500, "sqlite": 900}),
    Row("the same, random letters", "noise_bytes", ""),
    Row("restore the newest, N = 10,000", "restore_ms", "ms", {"filesystem": 40, "sqlite": 20}),
    Row("list the history, N = 10,000", "list_ms", "ms", {"filesystem": 30, "sqlite": 30}),
    Row("fork in the middle to its first new statement", "fork_ms", "ms", {"filesystem": 60, "sqlite": 40}),
    Row("a statement with an await, durability off", "statement_us", "µs", {"filesystem": 40}),
    Row("with fsync, N = 1,000, the first 100", "fsync_first_us", "µs", {"filesystem": 500, "sqlite": 400}, "first_us"),
    Row("with fsync, N = 1,000, the last 100", "fsync_last_us", "µs", {"filesystem": 500, "sqlite": 400}, "last_us"),
)
SCREEN = (
    Row("first paint of `playbooks debug X`", "paint_ms", "ms"),
    Row("the same of a bare Textual app", "bare_paint_ms", "ms"),
    Row("first paint over a bare Textual app", "paint_ratio", "×", {"screen": 1.8}),
    Row("litellm imported by then (0: no)", "litellm_loaded", "", {"screen": 0}),
    Row("100,000 checkpoints: open the timeline", "many_open_s", "s", {"screen": 0.5}),
    Row("100,000 checkpoints: a page, CPU", "page_cpu_ms", "ms", {"screen": 8}),
    Row("100,000 checkpoints: first hit of a word", "find_ms", "ms", {"screen": 150}),
    Row("looking at a random one of 10,000, key to paint", "look_ms", "ms", {"screen": 80}),
    Row("the same, 95 of 100", "look_p95_ms", "ms"),
    Row("six agents at 200 tokens a second: CPU", "six_cpu", "%", {"screen": 40}),
    Row("six agents: the screen's own CPU", "six_screen_cpu", "%"),
    Row("six agents: loop lag, 99 of 100", "six_lag_p99_ms", "ms", {"screen": 35}),
    Row("memory of 100,000 checkpoints over an empty one", "memory_mb", "MB", {"screen": 150}),
    Row("key to paint while model code spins", "spin_key_ms", "ms", {"screen": 150}),
    Row("the same, the worst", "spin_key_worst_ms", "ms"),
    Row("Ctrl+C until that statement has ended", "spin_stop_s", "s", {"screen": 1}),
)
HEAD = """# Benchmarks

Written by `make bench`. One workload for everybody: N checkpoints, each adding a message of 200 bytes and changing one
of 20 variables of 250 bytes (`bench/workload.py`). Each is measured in a process of its own, one after another in one
run, and as often as the others. Other work on a machine only adds to a figure, so each is the least of several tries,
whatever takes minutes aside. *First* and *last* are means of a hundred checkpoints, each place in a run the least of
five runs; growth compares a long session and a short one in turns. *missed* marks what is over its goal; a peer's ratio
is to the better of ours. Peers sync to disk at each commit: the rows with fsync compare like with like.
"""


@dataclass(frozen=True)
class Measured:
    """All figures of a run."""

    machine: str
    found: Mapping[str, Mapping[str, Any]]
    """By provider and peer."""
    screen: Mapping[str, Any] = field(default_factory=dict)


def document(measured: Measured) -> str:
    """The figures as Markdown."""
    parts = [HEAD, f"{measured.machine}\n", f"## Storage\n\n{storage(measured.found)}\n"]
    parts += [f"- {line}\n" for line in remarks(measured.found)]
    if measured.screen:
        parts.append(f"## Screen\n\n{screen(measured.screen)}\n")
        parts += [f"- {key.removesuffix('_error')}: {why}\n" for key, why in measured.screen.items() if "error" in key]
    missed = misses(measured)
    parts.append("## Missed\n\n" + ("\n".join(f"- {line}" for line in missed) if missed else "Nothing.") + "\n")
    return "\n".join(parts)


def storage(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of storage."""
    names = list(found)
    lines = ["| | " + " | ".join(_title(name, found[name]) for name in names) + " |", "|---" * (len(names) + 1) + "|"]
    for row in STORAGE:
        own = [found[name][row.key] for name in OURS if row.key in found.get(name, {})]
        cells = [_cell(row, name, found[name], own) for name in names]
        lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def screen(figures: Mapping[str, Any]) -> str:
    """The table of the screen."""
    lines = ["| | measured | goal |", "|---|---|---|"]
    for row in SCREEN:
        value, goal = figures.get(row.key), row.goals.get("screen")
        mark = " **missed**" if value is not None and goal is not None and value > goal else ""
        lines.append(f"| {row.title} | {shown(value, row.unit)}{mark} | {shown(goal, row.unit, '')} |")
    return "\n".join(lines)


def _cell(row: Row, name: str, figures: Mapping[str, Any], own: Sequence[float]) -> str:
    value, goal = figures.get(row.key), row.goals.get(name)
    if name not in OURS and row.peer_key:
        value = figures.get(row.peer_key)
    cell = shown(value, row.unit)
    if value is None:
        return cell
    if goal is not None:
        return f"{cell} (goal {shown(goal, row.unit)}{'' if value <= goal else ', **missed**'})"
    if name not in OURS and own and row.unit != "×":
        return f"{cell} (×{value / min(own):.1f})"
    return cell


def misses(measured: Measured) -> list[str]:
    """What is over its goal, or has no figure, a line each."""
    lines = []
    for row in STORAGE:
        for name, goal in row.goals.items():
            if name in measured.found:
                lines += _miss(f"{row.title}, {TITLES[name]}", row, measured.found[name].get(row.key), goal)
    for row in SCREEN if measured.screen else ():
        if (goal := row.goals.get("screen")) is not None:
            lines += _miss(row.title, row, measured.screen.get(row.key), goal)
    return lines


def _miss(title: str, row: Row, value: float | None, goal: float) -> list[str]:
    if value is None:
        return [f"{title}: not measured"]
    return [f"{title}: {shown(value, row.unit)}, goal {shown(goal, row.unit)}"] if value > goal else []


def remarks(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a reader of the table must know besides, a line each."""
    lines = []
    for name, rows in found.items():
        if reason := rows.get("error") or rows.get("fork_error"):
            lines.append(f"{TITLES[name]}: {reason}")
        if rows.get("listed"):
            lines.append(f"{TITLES[name]} listed {rows['listed']:,} of its history.")
    return lines


def shown(value: float | None, unit: str, nothing: str = "—") -> str:
    """A figure for a table."""
    if value is None:
        return nothing
    if unit == "×":
        return f"×{value:.2f}"
    text = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}" if value < 1 else f"{value:.1f}"
    return f"{text} {unit}".strip()


def _title(name: str, rows: Mapping[str, Any]) -> str:
    return " ".join(part for part in (TITLES[name], str(rows.get("version", ""))) if part)
