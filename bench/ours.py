"""Our rows: the workload through the journal and a store, and what the session does with ten thousand checkpoints.

Run in a process of its own by `run.py`, for one provider: prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

from workload import TRIES, first_and_last, quietest, quietest_ms, steps

from playbooks import DebugSession
from playbooks.checkpoints import open_store
from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.codec import encode
from playbooks.config import Config
from playbooks.runtime.journal import Journal
from playbooks.runtime.notices import Committed
from playbooks.state import ProgramState
from playbooks.state import events as e

PROGRAM = """# Bench
Says many things.

## Main
### Triggers
- When the program starts
### Steps
- Say it all
"""
MODEL = '''
def respond(request):
    return """
for i in range({count}):
    values = ["x" * 242] * 20
    await Say("user", f"{{i:06}} " + "word " * 38 + "end")
await Return("done")
"""
'''


class Writer:
    """A session that grows by the workload, each checkpoint timed from its first event to when it is durable."""

    def __init__(self, path: Path, provider: str, count: int, *, fsync: bool = False, noise: bool = False) -> None:
        self._store = open_store(provider, path, fsync=fsync)
        self._journal = journal = Journal(ProgramState(), self._store, time.time)
        journal.emit(e.SessionStarted("hash", ("bench.pb",), (("bench.pb", PROGRAM),), ""))
        journal.emit(e.AgentCreated("1000", "Bench"))
        journal.commit("human", "start", "")
        self._steps = enumerate(steps(count, noise=noise), start=1)

    def grow(self, count: int) -> list[float]:
        """Seconds each of so many more checkpoints took."""
        times = []
        with self._store.lock("s1"):
            for place, (message, name, value) in islice(self._steps, count):
                before = time.perf_counter()
                said = e.MessageSent(place, "1000", ("human",), message)
                changed = e.VariableWritten("1000", name, encode(value).data)
                self._journal.commit(
                    "1000", "say", 'await Say("user", line)', (said, changed),
                    text=message, peer="human", step="Main:01:QUE", playbook="Main",
                )  # fmt: skip
                times.append(time.perf_counter() - before)
        return times

    def close(self) -> None:
        self._store.close()


def write(path: Path, provider: str, count: int, *, fsync: bool = False, noise: bool = False) -> list[float]:
    """Seconds each of `count` checkpoints of a new session took."""
    writer = Writer(path, provider, count, fsync=fsync, noise=noise)
    times = writer.grow(count)
    writer.close()
    return times


def tried(path: Path, provider: str, *, fsync: bool = False) -> list[float]:
    """A thousand checkpoints, several times over."""
    return quietest([write(path / str(turn), provider, 1_000, fsync=fsync) for turn in range(TRIES)])


def growth(folder: Path, provider: str, many: int) -> float:
    """How many times longer a checkpoint takes after `many` than after a hundred: both in turns, so that both meet the
    same load."""
    large, small = Writer(folder / "large", provider, many + 2_000), Writer(folder / "small", provider, 2_100)
    large.grow(many)
    small.grow(100)
    after, before = [], []
    for _ in range(20):
        after += large.grow(100)
        before += small.grow(100)
    large.close()
    small.close()
    return statistics.median(after) / statistics.median(before)


def stored_bytes(path: Path) -> int:
    """Lengths of all that keeps checkpoints; the files' index can be made again and is not counted."""
    names = (".pkl", "checkpoints.db", "checkpoints.db-wal")
    return sum(file.stat().st_size for file in path.rglob("*") if file.name.endswith(names))


def restore(path: Path, provider: str, head: str) -> None:
    """Folds the state at a checkpoint, of a store opened anew."""
    store = open_store(provider, path)
    fold(store.read, head)
    store.close()


def listed(path: Path, provider: str) -> None:
    """Lists the session's history, of a store opened anew."""
    store = open_store(provider, path)
    assert len(store.headers("s1")) > 1_000
    store.close()


def config(path: Path, provider: str, **more: Any) -> Config:
    """Settings of a run on this storage path, by a script that need not wait."""
    kept = {"enabled": True, "provider": provider, "storage_path": str(path), "keep_last_n": 0}
    return Config.load().with_overrides({"durability": kept, "model": {"token_delay_s": 0.0}, **more})


async def fork_ms(path: Path, provider: str, count: int, folder: Path) -> float:
    """Milliseconds from asking for a fork in the middle of a long session to its first new statement's checkpoint."""
    (folder / "bench.pb").write_text(PROGRAM)
    (folder / "bench_model.py").write_text(MODEL.format(count=count))
    given = {"config": config(path, provider), "model": f"script:{folder / 'bench_model.py'}"}
    async with DebugSession.open(str(folder / "bench.pb"), **given) as session:
        assert await session.run() == "finished", session.error
    times = []
    for turn in range(7):
        async with DebugSession.open(resume=f"1000_ckpt_{count // 2 + turn}", **given) as session:
            asked = time.perf_counter()
            seen: list[float] = []

            def told(notice: object, seen: list[float] = seen, session: DebugSession = session) -> None:
                if isinstance(notice, Committed) and notice.header.kind == "say" and not seen:
                    seen.append(time.perf_counter())
                    session.interrupt()

            session.subscribe(told)
            await session.fork(f"1000_ckpt_{count // 2 + turn}")
            await session.run()
            times.append(seen[0] - asked)
    return 1e3 * min(times)


async def statement_us(folder: Path, count: int = 2_000) -> float:
    """Microseconds a statement with an await adds to a run that keeps no checkpoints, streamed by a script."""
    (folder / "bench.pb").write_text(PROGRAM)
    times = []
    for number in (10, count + 10):
        runs = []
        for turn in range(7):
            # Other text in each run, as a model's would be: nothing that was compiled once is of use again.
            lines = f'await Step("Main:{turn:02}:QUE")\n' * number + "await Return(1)\n"
            script = folder / f"many_{number}_{turn}.py"
            script.write_text(f"def respond(request):\n    return {lines!r}\n")
            before = time.perf_counter()
            given = {"config": config(folder / "none", "filesystem"), "model": f"script:{script}"}
            async with DebugSession.open(str(folder / "bench.pb"), durable=False, **given) as session:
                assert await session.run() == "finished", session.error
            runs.append(time.perf_counter() - before)
        times.append(min(runs))
    return 1e6 * (times[1] - times[0]) / count


def measured(provider: str, folder: Path, many: int) -> dict[str, Any]:
    """All rows of one provider.

    Args:
        provider: Its name.
        folder: An empty one; it is left full, for deleting just before writing slows what comes after.
        many: Checkpoints of the row on growth.
    """
    rows: dict[str, Any] = {}
    write(folder / "warm", provider, 200)
    rows["first_us"], rows["last_us"] = first_and_last(tried(folder / "n1000", provider))
    rows["fsync_first_us"], rows["fsync_last_us"] = first_and_last(tried(folder / "f1000", provider, fsync=True))
    write(folder / "n10000", provider, 10_000)
    rows["bytes"] = stored_bytes(folder / "n10000") / 10_000
    rows["restore_ms"] = quietest_ms(lambda: restore(folder / "n10000", provider, "1000_ckpt_10000"))
    rows["list_ms"] = quietest_ms(lambda: listed(folder / "n10000", provider))
    write(folder / "noise", provider, 10_000, noise=True)
    rows["noise_bytes"] = stored_bytes(folder / "noise") / 10_000
    work = folder / "work"
    work.mkdir()
    try:
        rows["fork_ms"] = asyncio.run(fork_ms(folder / "engine", provider, 10_000, work))
    except Exception as error:  # the row is shown as missing, with the reason; the others stand
        rows["fork_error"] = f"{type(error).__name__}: {error}"
    if provider == "filesystem":
        rows["statement_us"] = asyncio.run(statement_us(work))
    rows["growth"] = growth(folder / "many", provider, many)
    rows["many"] = many
    return rows


if __name__ == "__main__":
    os.environ["PLAYBOOKS_STATE_DIR"] = str(Path(sys.argv[2]) / "state")
    print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
