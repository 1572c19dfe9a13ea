"""What is measured inside the screen's own process: run by `screen.py`, on a terminal, with where to put the result.

The record is told as the bridge tells it, so that what is measured is what a person waits for: nothing of the engine
is left out where the engine takes part (`moments`, `six`), and nothing is run where it does not (`many`, `memory`).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from playbooks import DebugSession
from playbooks.checkpoints.record import Header
from playbooks.config import Config
from playbooks.runtime.notices import AgentView
from playbooks_tui.app import Debugger
from playbooks_tui.bridge import Bridge
from playbooks_tui.fair_share import fair_share
from playbooks_tui.screens.acts import Debugging
from playbooks_tui.terminal import terminal_of_our_own
from playbooks_tui.told import Opened, Tally

MANY = 100_000
PROGRAM = """---
model: script:model.py
---
# Bench
Says many things.
## Main
### Triggers
- When the program starts
### Steps
- Say it all
"""
SAYS = '''
def respond(request):
    return """
for i in range({count}):
    $price = i
    await Say("user", f"{{i:06}} word word word end")
await Return("done")
"""
'''
SIX = """---
model: script:model.py
---
# First
Starts the others.
## Main
### Triggers
- When the program starts
### Steps
- Say it all
""" + "".join(
    f"""
# Other{n}
startup_mode: standby
## Main
### Triggers
- When the program starts
### Steps
- Say it all
"""
    for n in range(2, 7)
)
STREAMS = """
WORDS = "word after word after word, as a model writes when it has much to say and says it slowly; "
def respond(request):
    first = request.agent == "First" and not request.turn
    made = [f'await CreateAgent("Other{n}")\\n' for n in range(2, 7)] if first else []
    return "".join(made) + "".join(f'await Say("user", "{WORDS * 4}")\\n' for _ in range(200))
"""


class Told(Bridge):
    """A bridge with no engine behind it: it has told already all there is."""

    def __init__(self, opened: Opened) -> None:
        none = {
            "branches": [],
            "labels": {},
            "timeline": (),
            "watches": (),
            "breakpoints": (),
            "stops_on_error": False,
            "program": None,
            "record": None,
            "program_files": (),
        }
        super().__init__(SimpleNamespace(**none, id="s1", durable=False, read_only=False))  # type: ignore[arg-type]
        self.tell(opened)

    def read(self, work: Callable[[], None]) -> None:
        pass

    def leave(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def label(self, checkpoint: str, text: str) -> Future[None]:
        raise NotImplementedError


def headers(count: int) -> tuple[Header, ...]:
    """A long session of four agents, as the catalogue gives it."""
    made = [Header("human_ckpt_1", "human", 1, "s1", 1, "", "main", 0, "", "start", text="bench.pb")]
    kinds = ("say", "heard", "step", "tool")
    for n in range(2, count + 1):
        agent, other = str(1000 + n % 3), str(1000 + (n + 1) % 3)
        text = f"Would you take {n}? Next door asks {n + 15}." if n != count // 2 else "the needle"
        made.append(
            Header(
                f"{agent}_ckpt_{n // 3}",
                agent,
                n // 3,
                "s1",
                n,
                made[-1].id,
                "main",
                n - 1,
                f'await Say("agent {other}", "{text}")',
                kinds[n % 4],
                "Main:02:EXE",
                "Main",
                1_000.0 + n,
                0.01 * (n % 200),
                text,
                other,
            )
        )
    return tuple(made)


def opened(count: int) -> Opened:
    """What the bridge tells of such a session."""
    agents = [AgentView("human", "User", "idle")]
    agents += [AgentView(str(1000 + n), name, "idle") for n, name in enumerate(("Seller", "Buyer", "Boss"))]
    return Opened(
        program="bench.pb",
        session="s1",
        status="interrupted",
        headers=headers(count),
        agents=tuple(agents),
        tally=Tally(9, 1, 1, 0.1),
    )


def measure(app: Debugger, work: Callable[[Debugging], Awaitable[dict[str, Any]]], result: Path) -> None:
    """Runs the app, measures once it stands, writes the result and leaves."""

    async def done() -> None:
        working = asyncio.ensure_future(work(app._debugging))
        broke = asyncio.ensure_future(app._exception_event.wait())
        await asyncio.wait({working, broke}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if app.crash is not None:
                raise app.crash
            found = await working
        except BaseException as error:
            found = {"error": repr(error)}
        part = result.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(result)
        app.bridge.leave()
        app.exit()

    app.call_later(lambda: asyncio.ensure_future(done()))
    with terminal_of_our_own(lambda line: None), fair_share():
        app.run()
    if not result.exists():
        result.write_text(json.dumps({"error": repr(app.crash)}))


async def painted(screen: Debugging) -> None:
    """Returns when what is to be drawn has been drawn."""
    drawn = asyncio.Event()
    screen.call_after_refresh(drawn.set)
    await drawn.wait()


async def until(what: Callable[[], object]) -> None:
    while not what():  # noqa: ASYNC110  # what is waited for is the screen's own, which tells nobody
        await asyncio.sleep(0.001)


def many(result: Path, quick: bool) -> None:
    told = opened(MANY)

    async def work(screen: Debugging) -> dict[str, Any]:
        await until(lambda: len(screen.record.headers) == MANY)
        await painted(screen)
        opening = time.perf_counter() - began
        pages = []
        for key in ["page_up"] * 20 + ["page_down"] * 20:
            before = time.process_time()
            await screen.run_action(key)
            await painted(screen)
            pages.append(time.process_time() - before)
        await screen.run_action("first")
        await painted(screen)
        screen.action_find()
        before = time.perf_counter()
        screen.query_one("#words").value = "the needle"  # type: ignore[attr-defined]
        await until(lambda: screen.at == MANY // 2 - 1)
        await painted(screen)
        found = time.perf_counter() - before
        pages.sort()
        return {"many_open_s": opening, "page_cpu_ms": pages[len(pages) // 2] * 1000, "find_ms": found * 1000}

    began = time.perf_counter()
    measure(Debugger(Told(told), begin=False), work, result)


def moments(result: Path, quick: bool) -> None:
    count = 2_000 if quick else 10_000
    Path("bench.pb").write_text(PROGRAM)
    Path("model.py").write_text(SAYS.format(count=count))
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0}}).for_debug()

    async def run() -> None:
        async with DebugSession.open("bench.pb", config=config, durable=True) as session:
            await session.run()

    asyncio.run(run())
    bridge = Bridge(DebugSession.open(config=config, resume="s1"))
    bridge.open()

    async def work(screen: Debugging) -> dict[str, Any]:
        await until(lambda: len(screen.record.headers) > count)
        await until(lambda: screen.seen)
        chance, times = random.Random(1), []
        for _ in range(60):
            row = chance.randrange(1, count)
            before = time.perf_counter()
            screen.go(row, look=True)
            await until(lambda row=row: screen.seen is not None and screen.seen.row == row)
            await painted(screen)
            times.append(time.perf_counter() - before)
        times.sort()
        return {"look_ms": times[len(times) // 2] * 1000, "look_p95_ms": times[int(len(times) * 0.95)] * 1000}

    measure(Debugger(bridge, begin=False), work, result)


def six(result: Path, quick: bool) -> None:
    Path("bench.pb").write_text(SIX)
    Path("model.py").write_text(STREAMS)
    config = Config.load(env={}, overrides={"model": {"token_delay_s": 0.005}}).for_debug()
    bridge = Bridge(DebugSession.open("bench.pb", config=config, durable=True))
    bridge.open()

    async def work(screen: Debugging) -> dict[str, Any]:
        await until(lambda: len(screen.record.writing) == 6)
        lags, seconds = [], 4 if quick else 10
        cpu, began = time.process_time(), time.perf_counter()
        mine = time.thread_time()
        while time.perf_counter() - began < seconds:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            lags.append(time.perf_counter() - before - 0.01)
        wall = time.perf_counter() - began
        lags.sort()
        return {
            "six_cpu": (time.process_time() - cpu) / wall * 100,
            "six_screen_cpu": (time.thread_time() - mine) / wall * 100,
            "six_lag_p99_ms": lags[int(len(lags) * 0.99)] * 1000,
        }

    measure(Debugger(bridge, begin=True), work, result)


def memory(result: Path, quick: bool) -> None:
    """The difference between two processes that hold the same but for the checkpoints."""
    if os.fork() == 0:
        _held(1, Path(f"{result}.empty"))
        os._exit(0)
    os.wait()
    empty = json.loads(Path(f"{result}.empty").read_text())["held_mb"]

    async def work(screen: Debugging) -> dict[str, Any]:
        await until(lambda: len(screen.record.headers) == MANY)
        await painted(screen)
        return {"memory_mb": _now_mb() - empty}

    measure(Debugger(Told(opened(MANY)), begin=False), work, result)


def _held(count: int, result: Path) -> None:
    async def work(screen: Debugging) -> dict[str, Any]:
        await until(lambda: len(screen.record.headers) == count)
        await painted(screen)
        return {"held_mb": _now_mb()}

    measure(Debugger(Told(opened(count)), begin=False), work, result)


def _now_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def litellm() -> None:
    """Says, once the first frame is painted, whether litellm was imported."""
    from playbooks.cli.entry import run_command

    def tell(screen: Debugging) -> None:
        loaded = int("litellm" in sys.modules)
        threading.Timer(0.2, lambda: os.write(1, f"litellm={loaded}".encode())).start()

    before = Debugging.on_mount

    def mounted(self: Debugging) -> None:
        before(self)
        self.call_after_refresh(tell, self)

    Debugging.on_mount = mounted  # type: ignore[method-assign]
    os.write = _raw_write(os.dup(1))  # type: ignore[assignment]
    run_command(["debug", "bench.pb"])


def _raw_write(terminal: int) -> Callable[[int, bytes], int]:
    original = os.write
    return lambda number, data: original(terminal if data.startswith(b"litellm=") else number, data)


if __name__ == "__main__":
    if sys.argv[1] == "litellm":
        litellm()
    else:
        measures = {"many": many, "moments": moments, "six": six, "memory": memory}
        measures[sys.argv[1]](Path(sys.argv[2]), sys.argv[3] == "quick")
