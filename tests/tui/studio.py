"""Sessions to take pictures of: played on a stage's clock, kept once for a process, and shown in the real debugger.

Whatever a picture shows is the same every time: the run (`StageLoop`), the clock, the ids, the key that signs, the
folder's name, the cursor.
"""

from __future__ import annotations

import asyncio
import errno
import math
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea
from tui.desk import Desk, Still
from tui.stage import StageLoop

from playbooks import DebugSession
from playbooks.checkpoints.filesystem import FileStore
from playbooks.checkpoints.store import Checkpoint, StorageError
from playbooks.config import Config
from playbooks.session.following import FollowedSession
from playbooks_tui.bridge import Bridge
from playbooks_tui.opening import Openings

EXAMPLES = Path(__file__).parents[2] / "examples"
BEGAN = 1_800_000_000.0
"""When every run begins, in seconds since 1970."""
LATER = 180.0
"""How long after its last checkpoint an older session is looked at, in seconds."""
NEGOTIATION = "negotiation.pb"


@dataclass(frozen=True)
class Kept:
    """A session that was played, in a folder to copy."""

    folder: Path
    session: str
    ended: float
    """When, in seconds since 1970."""


class Full(FileStore):
    """On a disk that takes nothing more."""

    def write(self, checkpoint: Checkpoint) -> None:
        raise StorageError.of(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), self._base)


def _store(kind: type[FileStore] = FileStore) -> FileStore:
    """In the current folder: its path is told, and is the same every time."""
    return kind(Path(".checkpoints"), key=b"k" * 32)


def _session(
    program: str,
    now: Callable[[], float],
    resume: str | None = None,
    breakpoints: Sequence[str] = (),
    store: FileStore | None = None,
) -> DebugSession:
    programs = [program] if resume is None else []
    return DebugSession.open(
        *programs,
        config=Config.load(env={}).for_debug(),
        store=store or _store(),
        durable=True,
        resume=resume,
        clock=now,
        breakpoints=breakpoints,
    )


def stock(folder: Path, more: dict[str, str] | None = None) -> None:
    """Puts the examples there, and other files by name."""
    for path in EXAMPLES.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    for name, text in (more or {}).items():
        (folder / name).write_text(text)


@cache
def played(
    program: str = NEGOTIATION,
    stop: float = math.inf,
    fork: str = "",
    result: str = "",
    label: str = "",
    after: Kept | None = None,
    killed: bool = False,
) -> Kept:
    """A session from its start to its end, or until time stopped; then perhaps a branch of it.

    Call it in an empty folder of the caller's: programs are named by their file there.

    Args:
        program: One of the examples.
        stop: After how many seconds it is interrupted.
        fork: Then a branch from this checkpoint, run to its end …
        result: … with this result of the checkpoint's effect …
        label: … under this label.
        after: A session that was played an hour earlier, in the same folder.
        killed: Its process is killed when time stops, or when it copies its storage to `killed`: as that stood then.
    """
    folder = Path(tempfile.mkdtemp(prefix="played-"))
    stage, start = StageLoop(stop), BEGAN
    if after is not None:
        shutil.copytree(after.folder, Path(), dirs_exist_ok=True)
        start = after.ended + 3600

    async def play() -> Kept:
        async with _session(program, lambda: start + stage.time()) as session:
            run = asyncio.ensure_future(session.run())
            if stop < math.inf:
                await asyncio.sleep(stop - 1e-6)
                at = stage.time()
                if killed:
                    shutil.copytree(".checkpoints", "killed")
                session.interrupt()
                stage.stop_at = math.inf
            else:
                at = math.inf
            await run
            if fork:
                await session.fork(fork, result=int(result), label=label)
                await session.run()
            return Kept(folder, session.id, start + min(at, stage.time()))

    with asyncio.Runner(loop_factory=lambda: stage) as runner:
        kept = runner.run(play())
    shutil.move("killed" if killed else ".checkpoints", folder / ".checkpoints")
    shutil.rmtree(".checkpoints", ignore_errors=True)
    return kept


_KEYS = {" ": "space"}
_ROUNDS = 3
"""A key may ask the engine, what it says may have something read, and that is drawn: so often nothing must come."""
_MOVES = frozenset({"g", "up", "down"})
"""Keys after which the next can be pressed at once."""


class Studio(Desk):
    """A debugger whose engine stands on a stage."""

    stage: StageLoop

    async def settle(self) -> None:
        """Waits until nothing more comes: the engine stands, everything was read, and the screen shows it."""
        async with asyncio.timeout(120):  # what never stands is told, and not waited for without an end
            still = 0
            while still < _ROUNDS:
                await self._idle()
                for widget in [one for screen in self.app.screen_stack for one in screen.query(Widget)]:
                    if isinstance(widget, Input | TextArea):
                        widget.cursor_blink = False  # before what is painted next: it may be off just now
                if self.screen is not None and self.screen.is_mounted:
                    self.screen.follow_calls()  # which is else done a few times a second
                await self.pilot.pause()
                still += 1
                while (
                    any(_due(screen) for screen in self.app.screen_stack)
                    or self.bridge._queue
                    or _moves(self.app.screen)
                ):
                    await self.pilot.pause(0.005)
                    still = 0

    async def _idle(self) -> None:
        loop = self.bridge._loop
        for worker in [one for one in self.app.workers if one.group != "files"]:
            await worker.wait()
        if loop is not None and not self.bridge.over.done():
            await asyncio.wrap_future(self.bridge.order(_nothing))
            while not self.stage.stands.is_set() and not self.bridge.over.done():  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        await asyncio.wrap_future(self.bridge._reader.submit(lambda: None))

    async def keys(self, *keys: str) -> None:
        """Presses keys one after the other, each when nothing more comes of the one before."""
        for key in keys:
            await self.pilot.press(key)
            if key not in _MOVES:
                await self.settle()
        await self.settle()

    async def type(self, text: str) -> None:
        """Types into the field that has the focus."""
        await self.pilot.press(*(_KEYS.get(letter, letter) for letter in text))
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        """Gives the terminal another size."""
        await self.pilot.resize_terminal(width, height)
        await self.settle()

    def picture(self, title: str = "playbooks debug") -> str:
        """What the screen shows now, as SVG."""
        return self.app.export_screenshot(title=title)


def _due(screen: Screen[Any]) -> bool:
    """Whether a screen has something put off: a plan or a search that waits until nobody types, or what is to be done
    when it was drawn.
    """
    return bool(screen._callbacks) or any(
        timer._repeat == 0 and timer._task is not None and not timer._task.done() for timer in screen._timers
    )


def _moves(screen: Screen[Any]) -> bool:
    """Whether a widget still has to be laid out, or to be told its size: on a busy machine that takes more rounds."""
    return screen._layout_required or any(
        one.message_queue_size or one._layout_required or one._refresh_styles_required
        for one in screen.walk_children(Widget, with_self=True)
    )


async def _nothing() -> None:
    pass


@asynccontextmanager
async def studio(
    folder: Path,
    *,
    kept: Kept | None = None,
    program: str = NEGOTIATION,
    stop: float = math.inf,
    breakpoints: Sequence[str] = (),
    how: Literal["open", "follow", "list"] = "open",
    size: tuple[int, int] = (180, 50),
    theme: str = "textual-dark",
    full: bool = False,
) -> AsyncIterator[Studio]:
    """Opens the debugger in a folder that has the examples (`stock`) and is the current one.

    Args:
        folder: The current one.
        kept: Shows this session; else one of `program` is run.
        program: A file there.
        stop: Where time stops, in seconds.
        breakpoints: Where to stop.
        how: `follow` shows the kept session as one that another process runs, `list` the list of sessions.
        size: Columns and rows.
        theme: One of Textual's.
        full: The disk is full.
    """
    stage = StageLoop(0.0 if how == "follow" else stop)
    if kept is not None:
        shutil.copytree(kept.folder, folder, dirs_exist_ok=True)
    start = BEGAN if kept is None else kept.ended + LATER

    def now() -> float:
        return start + stage.time()

    with ExitStack() as stack:
        opening: DebugSession | FollowedSession
        if how == "follow":
            assert kept is not None
            theirs = _store()
            stack.enter_context(theirs.lock(kept.session))
            opening = FollowedSession.open(kept.session, config=Config.load(env={}), store=_store())
        else:
            store = _store(Full if full else FileStore)
            opening = _session(program, now, kept.session if kept else None, breakpoints, store)
        bridge = Bridge(opening, new_loop=lambda: stage)
        openings = Openings(Config.load(env={}).for_debug())
        if how == "list":
            app = Still(None, now=now, theme=theme, openings=openings)
        else:
            bridge.open()
            app = Still(bridge, begin=kept is None or how == "follow", theme=theme, now=now, openings=openings)
        app.animation_level = "none"
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                desk = Studio(app, None if how == "list" else app._debugging, bridge, pilot)  # type: ignore[arg-type]
                desk.stage = stage
                await desk.settle()
                yield desk
        finally:
            if how == "list":
                stage.close()  # no engine ran on it
            else:
                stage.go_on()
                bridge.leave()
                bridge.over.exception(120)
