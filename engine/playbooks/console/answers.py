"""What the person types, one line each time an agent asks for it.

Apart from what is shown because it may come from a pipe, a file or nowhere. Nothing is read before the first question:
a program that asks nothing leaves stdin to whoever runs it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, Protocol

from playbooks.language.keyvalues import shorten
from playbooks.runtime.decisions import decision_of
from playbooks.runtime.notices import Asked, MayHaveRun, Notice, Question

CHUNK = 65_536


class Talks(Protocol):
    """The part of a session that hears the person."""

    def say(self, text: str, to: str | None = None) -> None: ...

    def decide(self, id: str, how: Literal["rerun", "result", "fail"], value: Any = None) -> None: ...

    def close_input(self) -> None: ...


class Answers:
    """Gives lines of stdin to the agents that ask, in the order they asked.

    Args:
        session: Hears them.
        on_wait: Called when there is no line yet, with who gets the next, and of several questions which that is for.
        on_taken: Called with each line that is said; with an empty one for a line that decides something.
        on_unclear: Called with a line that should decide and does not.
        stdin: File descriptor; None when the process has none.
    """

    def __init__(
        self,
        session: Talks,
        *,
        on_wait: Callable[[str, str], None] = lambda agent, question: None,
        on_taken: Callable[[str], None] = lambda text: None,
        on_unclear: Callable[[str], None] = lambda text: None,
        stdin: int | None = 0,
    ) -> None:
        self._session, self._on_wait, self._on_taken, self._stdin = session, on_wait, on_taken, stdin
        self._on_unclear = on_unclear
        self._asked = Asked(())
        self._more = False
        """Others waited too when the last line was said: the last of them says what it asked, which is further up."""
        self._undecided: dict[str, MayHaveRun] = {}
        self._lines: deque[str] = deque()
        self._rest = b""
        self._reading = self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self, notice: Notice) -> None:
        """Notes who asks; called on the session's event loop."""
        if isinstance(notice, Asked):
            self._asked = notice
            self._serve()
        elif isinstance(notice, MayHaveRun):
            self._undecided.pop(notice.id, None)
            if notice.decision == "ask":
                self._undecided[notice.id] = notice
                self._serve()

    def stop(self) -> None:
        """Reads no more."""
        if self._reading and self._loop is not None and self._stdin is not None:
            self._loop.remove_reader(self._stdin)
        self._reading = False

    def _serve(self) -> None:
        if not (self._asked.agents or self._undecided):
            return
        self._start()
        if self._undecided and self._lines:
            text = self._lines.popleft()
            self._on_taken("")
            if (decision := decision_of(text)) is None:
                self._on_unclear(text)
                self._serve()
            else:
                notice = self._undecided.pop(next(iter(self._undecided)))
                self._session.decide(notice.id, *decision)
                self._serve()
        elif self._lines:
            self._more = len(self._asked.agents) > 1
            to, self._asked = self._asked.agents[0], Asked(())
            text = self._lines.popleft()
            self._on_taken(text)
            self._session.say(text, to)
        elif self._ended:
            self._asked = Asked(())
            self._undecided.clear()
            self._session.close_input()
        elif self._undecided:
            self._on_wait(next(iter(self._undecided.values())).agent, "")
        else:
            self._on_wait(self._asked.agents[0], self._question)

    @property
    def _question(self) -> str:
        """Of several that wait or waited, the one that the next line answers, `“Which order?”`."""
        questions = self._asked.questions
        if len(self._asked.agents) < 2 and not self._more:
            return ""
        first = questions[0] if questions else Question("", "")
        return f"“{shorten(first.text, 60)}”" if first.text else f"in {first.playbook}" if first.playbook else ""

    def _start(self) -> None:
        """Begins to read; a file, which never has to be waited for, is read here and now."""
        if self._reading or self._ended:
            return
        if self._stdin is None:
            self._ended = True
            return
        self._loop = asyncio.get_running_loop()
        try:
            self._loop.add_reader(self._stdin, self._readable)
            self._reading = True
        except PermissionError:
            while not self._ended:
                self._take()
        except (OSError, ValueError):
            self._ended = True

    def _readable(self) -> None:
        self._take()
        if self._ended:
            self.stop()
        self._serve()

    def _take(self) -> None:
        """Takes what is there; the end of the input closes a last line without a newline."""
        try:
            data = os.read(self._stdin or 0, CHUNK)
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data:
            self._ended = True
            lines, self._rest = ([self._rest] if self._rest else []), b""
        self._lines.extend(line.decode("utf-8", "replace").rstrip("\r") for line in lines)


def standard_input() -> int | None:
    """The descriptor of stdin; None when it is closed."""
    try:
        return sys.stdin.fileno() if sys.stdin is not None else None
    except (OSError, ValueError):
        return None
