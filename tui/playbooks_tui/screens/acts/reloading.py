"""The program's files, watched: what was saved is read, said, and offered for a branch; what runs stays as it is.

The folders are watched and not the files, since an editor that saves atomically puts another file in their place.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from textual.message import Message

from playbooks.runtime.notices import Output
from playbooks_tui.screens.acts.forking import ForkingActs

if TYPE_CHECKING:
    from playbooks.session.reloading import Reloaded

_DEBOUNCE_MS: Final = 50
_STEP_MS: Final = 20
Stamps = dict[str, tuple[int, int, int] | None]
_MOST: Final = 3
"""Changes that are named."""


class ReloadingActs(ForkingActs):
    """What follows a save."""

    reloaded: Reloaded | None = None
    """What the files held when one was saved last; None: none was."""

    @dataclass
    class Reread(Message):
        """The files were read again."""

        reloaded: Reloaded

    def watch_files(self) -> None:
        """Watches the program's files from now on, as long as this screen is there."""
        session = self.bridge.session
        paths = frozenset(os.path.abspath(path) for path in session.program_files if os.path.isfile(path))
        if paths and not session.read_only:  # it loads a library: not before the first frame
            self.call_after_refresh(self._begin_watching, paths, _stamps(paths))

    def _begin_watching(self, paths: frozenset[str], stamps: Stamps) -> None:
        self.run_worker(self._watch(paths, stamps), group="files", exclusive=True)

    async def _watch(self, paths: frozenset[str], stamps: Stamps) -> None:
        is_new = self.bridge.session.resumed is None  # what was changed before an older one is opened is no save
        async for changed in saves(paths):
            if changed or is_new or _stamps(paths) != stamps:
                self.bridge.read(self._reread)

    def _reread(self) -> None:
        """On the reading thread."""
        self.post_message(self.Reread(self.bridge.session.reload()))

    def on_reloading_acts_reread(self, event: Reread) -> None:
        found = event.reloaded
        if found.same and (self.reloaded is None or self.reloaded.same):
            return  # saved as it was
        self.reloaded = found
        name = self.record.program
        if found.program is None:
            for line in found.error.splitlines():
                self.bridge.tell(Output("", line, "error"))
            self.notify(
                f"{found.error.splitlines()[0]}\nThe last good program stays.",
                title=f"{name} is broken",
                severity="error",
                timeout=8,
                markup=False,
            )
        elif found.same:
            self.say(f"{name} is as it runs again")
        else:
            shown = [str(change) for change in found.changes[:_MOST]]
            more = len(found.changes) - len(shown)
            what = "; ".join(shown) + (f" and {more} more" if more else "") or "only its layout differs"
            over = self.at is not None and self.record.ends_run(self.at)
            where = "↑ to an earlier row, and f forks from there" if over else "f forks from here"
            self.bridge.tell(Output("", f"saved: {what}", "log"))
            self.notify(
                f"{what}\nWhat runs stays as it is; {where} with the new text.",
                title=f"{name} was saved",
                timeout=8,
                markup=False,
            )

    @property
    def offers_new_text(self) -> bool:
        """Whether a fork begins with the program as it is now."""
        found = self.reloaded
        return found is not None and found.program is not None and not found.same


async def saves(paths: frozenset[str]) -> AsyncIterator[set[str]]:
    """Yields paths that were written, as they are written; none at first, when it watches: see what was written before.

    Args:
        paths: Absolute paths of files; their folders are watched.
    """
    awatch = await asyncio.to_thread(_watcher)
    folders = sorted({os.path.dirname(path) for path in paths})
    changes = awatch(
        *folders,
        watch_filter=lambda _, path: os.path.abspath(path) in paths,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        recursive=False,
    )
    first = asyncio.ensure_future(anext(changes))
    try:
        await asyncio.sleep(0)  # its first step has the folders watched
        yield set()
        yield {path for _, path in await first}
    finally:
        first.cancel()
    async for more in changes:
        yield {path for _, path in more}


def _stamps(paths: frozenset[str]) -> Stamps:
    """What tells whether files were written: None for one that is not there."""
    found: Stamps = {}
    for path in paths:
        try:
            stat = os.stat(path)
        except OSError:
            found[path] = None
        else:
            found[path] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return found


def _watcher() -> Any:
    """Loads what watches, which takes as long as many frames."""
    from watchfiles import awatch

    return awatch
