"""The workload on DBOS with SQLite: one workflow, one step for each checkpoint, whose result is the message and value.

Run by `run.py` with the Python of the peers' environment: prints one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import logging
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID
from workload import TRIES, first_and_last, quietest, quietest_ms, steps

times: list[float] = []
given: list[tuple[str, str, str]] = []
ran = 0
forked_at = 0.0
first_new = 0.0


@DBOS.step()
def one(place: int) -> tuple[str, str, str]:
    global ran, first_new
    ran += 1
    if forked_at and not first_new:
        first_new = time.perf_counter()
    return given[place]


@DBOS.workflow()
def all_of_them(count: int) -> int:
    messages: list[str] = []
    variables: dict[str, str] = {}
    for place in range(count):
        before = time.perf_counter()
        message, name, value = one(place)
        times.append(time.perf_counter() - before)
        messages.append(message)
        variables[name] = value
    return len(messages)


def written(id: str, count: int) -> list[float]:
    given[:] = steps(count)
    times.clear()
    with SetWorkflowID(id):
        assert all_of_them(count) == count
    return list(times)


def forked_ms(count: int) -> float:
    """Milliseconds from a fork in the middle to its first step that is not replayed."""
    global forked_at, first_new
    first_new, forked_at = 0.0, time.perf_counter()
    handle = DBOS.fork_workflow("many", count // 2 + 1)
    while not first_new and time.perf_counter() - forked_at < 60:
        time.sleep(0.001)
    took, forked_at = first_new - forked_at, 0.0
    DBOS.cancel_workflow(handle.workflow_id)  # the other half of its steps is not asked for
    with contextlib.suppress(Exception):
        handle.get_result()
    return 1e3 * took


def replayed(count: int) -> None:
    """A fork at the very end: it replays all steps and takes none."""
    DBOS.fork_workflow("many", count + 1).get_result(polling_interval_sec=0.005)


def main(folder: Path, count: int) -> dict[str, Any]:
    rows: dict[str, Any] = {"version": version("dbos")}
    settings: DBOSConfig = {
        "name": "bench",
        "system_database_url": f"sqlite:///{folder / 'dbos.sqlite'}",
        "run_admin_server": False,
        "log_level": "ERROR",
    }
    logging.disable(logging.WARNING)
    DBOS(config=settings)
    DBOS.launch()
    written("warm", 20)
    runs = [written(f"n1000_{turn}", 1_000) for turn in range(TRIES)]
    rows["first_us"], rows["last_us"] = first_and_last(quietest(runs))
    before_bytes = sum(file.stat().st_size for file in folder.glob("dbos.sqlite*"))
    taken = written("many", count)
    rows["count"], rows["growth"] = count, statistics.median(taken[-100:]) / statistics.median(taken[10:110])
    rows["bytes"] = (sum(file.stat().st_size for file in folder.glob("dbos.sqlite*")) - before_bytes) / count
    rows["listed"] = len(DBOS.list_workflow_steps("many"))
    rows["list_ms"] = quietest_ms(lambda: DBOS.list_workflow_steps("many"))
    rows["fork_ms"] = min(forked_ms(count) for _ in range(3))
    rows["restore_ms"] = quietest_ms(lambda: replayed(count), 3)
    DBOS.destroy()
    return rows


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
