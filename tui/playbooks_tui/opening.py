"""Opening sessions for the screen: a program's, one of the list, or one that another process runs.

Apart from the application because opening reads files and takes locks, on a thread of its own while a screen is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from playbooks.checkpoints.store import NotWritable, SessionOpen
from playbooks.config import Config
from playbooks.session import DebugSession, FollowedSession
from playbooks.session.resume import NothingToResume
from playbooks_tui.bridge import Bridge


class Openings(msgspec.Struct, frozen=True):
    """What the command line said, for every session that is opened."""

    config: Config
    programs: tuple[str, ...] = ()
    model: str | None = None
    trust: bool = False
    breakpoints: tuple[str, ...] = ()
    set: Mapping[str, Any] = msgspec.field(default_factory=dict)
    message: str | None = None

    def first(self, resume: str | bool | None, *, pause: bool = False) -> Bridge:
        """The session that is meant when the debugger starts; one that can't be held here is followed.

        Args:
            resume: As the person gave it; None: the newest unfinished session of the program, else a new one.
            pause: Stop before the first await.

        Raises:
            UserError: It can't be opened.
        """
        fresh = bool(self.set) or self.message is not None
        try:
            return open_bridge(self._opening, resume, fresh=fresh, pause=pause)
        except (SessionOpen, NotWritable) as taken:
            return self._following(taken)

    def session(self, id: str) -> Bridge:
        """A session of the list; one that another process runs, or that can only be read,
        is followed.

        Raises:
            UserError: It can't be opened.
        """
        bridge = Bridge(DebugSession.open(config=self.config, resume=id, model=self.model, trust=self.trust))
        try:
            bridge.open()
        except (SessionOpen, NotWritable) as taken:
            return self._following(taken)
        return bridge

    def afresh(self, programs: Sequence[str]) -> Bridge:
        """A new session of a program, as it is now.

        Raises:
            UserError: It can't be opened.
        """
        bridge = Bridge(self._opening(None, programs))
        bridge.open()
        return bridge

    def _opening(self, how: str | bool | None, programs: Sequence[str] | None = None) -> DebugSession:
        return DebugSession.open(
            *(self.programs if programs is None else programs),
            config=self.config,
            resume=how,
            set=self.set,
            message=self.message,
            model=self.model,
            trust=self.trust,
            durable=True,
            breakpoints=self.breakpoints,
        )

    def _following(self, taken: SessionOpen | NotWritable) -> Bridge:
        followed = FollowedSession.open(taken.session, config=self.config)
        followed.writable = not isinstance(taken, NotWritable)
        bridge = Bridge(followed)
        bridge.open()
        return bridge


def open_bridge(
    opening: Callable[[str | bool | None], DebugSession], resume: str | bool | None, *, fresh: bool, pause: bool = False
) -> Bridge:
    """Opens the session that is meant.

    Args:
        opening: Makes a session that is not entered yet, for a `resume`.
        resume: As the person gave it.
        fresh: What else was given only makes sense for a new session.
        pause: Stop before the first await.
    """
    if resume is None and not fresh:
        try:
            bridge = Bridge(opening(True), pause=pause)
            bridge.open()
            return bridge
        except NothingToResume:
            pass
    bridge = Bridge(opening(resume), pause=pause)
    bridge.open()
    return bridge
