"""The workload on LangGraph with its SQLite saver, synchronous durability, messages and variables in delta channels.

Run by `run.py` with the Python of the peers' environment: prints one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from importlib.metadata import version
from itertools import islice, pairwise
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.channels import DeltaChannel
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import StateGraph
from workload import TRIES, first_and_last, quietest, quietest_ms, steps

LISTED = 390
"""Entries of the history that are asked for: in full it takes minutes, and can take all memory."""


def joined(held: list[str], writes: Any) -> list[str]:
    return [*held, *(text for write in writes for text in write)]


def merged(held: dict[str, str], writes: Any) -> dict[str, str]:
    made = dict(held)
    for write in writes:
        made.update(write)
    return made


class State(TypedDict):
    place: int
    messages: Annotated[list[str], DeltaChannel(joined)]
    variables: Annotated[dict[str, str], DeltaChannel(merged)]


def graph(saver: SqliteSaver, given: list[tuple[str, str, str]], times: list[float]) -> Any:
    """One node that runs once for each checkpoint, noting when each step begins."""

    def node(state: State) -> dict[str, Any]:
        times.append(time.perf_counter())
        message, name, value = given[state["place"]]
        return {"place": state["place"] + 1, "messages": [message], "variables": {name: value}}

    def onward(state: State) -> str:
        return "node" if state["place"] < len(given) else "__end__"

    made = StateGraph(State)
    made.add_node("node", node)
    made.set_entry_point("node")
    made.add_conditional_edges("node", onward, {"node": "node", "__end__": "__end__"})
    return made.compile(checkpointer=saver)


def written(path: Path, count: int) -> list[float]:
    given, times = steps(count), []
    with SqliteSaver.from_conn_string(str(path)) as saver:
        settings = {"configurable": {"thread_id": "1"}, "recursion_limit": count + 10}
        empty = {"place": 0, "messages": [], "variables": {}}
        graph(saver, given, times).invoke(empty, settings, durability="sync")
    return [later - sooner for sooner, later in pairwise(times)]


def restore(path: Path, settings: Any) -> None:
    """The newest state, of a saver opened anew."""
    with SqliteSaver.from_conn_string(str(path)) as saver:
        graph(saver, [], []).get_state(settings)


def main(folder: Path, count: int) -> dict[str, Any]:
    rows: dict[str, Any] = {"version": version("langgraph")}
    written(folder / "warm.db", 20)
    rows["first_us"], rows["last_us"] = first_and_last(
        quietest([written(folder / f"n1000_{turn}.db", 1_000) for turn in range(TRIES)])
    )
    path = folder / "many.db"
    times = written(path, count)
    rows["count"], rows["growth"] = count, statistics.median(times[-100:]) / statistics.median(times[10:110])
    rows["bytes"] = sum(file.stat().st_size for file in folder.glob("many.db*")) / count
    settings = {"configurable": {"thread_id": "1"}}
    rows["restore_ms"] = quietest_ms(lambda: restore(path, settings))
    with SqliteSaver.from_conn_string(str(path)) as saver:
        app = graph(saver, steps(count), [])
        assert len(app.get_state(settings).values["messages"]) == count
        history: list[Any] = []

        def listed() -> None:
            history[:] = islice(app.get_state_history(settings, limit=LISTED), LISTED)

        rows["list_ms"], rows["listed"] = quietest_ms(listed, 3), len(history)
    return rows


if __name__ == "__main__":
    os.environ["LANGSMITH_TRACING"] = "false"
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
