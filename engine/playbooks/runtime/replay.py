"""Serves what is recorded of the units in flight, in the order it happened; then lets live work begin.

Recorded ends are served in that order, each once everything numbered before it has happened again: begins, task
starts and ends, wake-ups. When the record is used up, what was in flight at the cut goes on in the order it began,
then what is new. Until then nothing live starts or ends. That order is the whole promise of this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any

from playbooks.state import ProgramState

NEW = float("inf")
"""When something new began: after all that was in flight."""
TURNS = ("goes on",)
"""What else waits for its turn, as recorded ends do. Live, a unit's next statement waited for the model, and others'
ends came before it; a replay has the text at once."""


class Replay:
    """One replay, from a restored state until everything recorded has happened again.

    Args:
        state: As restored; only read here.
        edit: Makes a fork's edit: frame, unit, tick, name.
        ended: Called when what was in flight at the cut, or is new, has been let go on.
    """

    def __init__(
        self,
        state: ProgramState | None = None,
        edit: Callable[[int, int, float, str], None] | None = None,
        ended: Callable[[], None] | None = None,
    ) -> None:
        self._state = state
        self._script: list[tuple[float, str, Any]] = []
        if state is not None:
            for (frame, unit), record in state.record.items():
                if frame not in state.returned:
                    for key, value in record.items():
                        what = key[0]
                        if what == "task" and key[2] in TURNS:
                            self._script.append((value[0], "serve", (frame, key)))
                        elif what in ("begun", "task"):
                            self._script.append((value[0], "happens", (frame, key)))
                        elif what == "ended":
                            self._script.append((value[0], "serve", (frame, ("begun", *key[1:]))))
                        elif what == "edit":
                            self._script.append((key[1], "edit", (frame, unit, key[1], key[2])))
            self._script.sort(key=lambda entry: entry[0])
        self._happened: set[Hashable] = set()
        self._waiting: dict[Hashable, asyncio.Future[None]] = {}
        self._live: list[tuple[float, bool, int, asyncio.Future[None]]] = []
        self._serving = False
        self._error: BaseException | None = None
        self._edit = edit
        self._ended = ended
        self._going_on: asyncio.Task[Any] | None = None
        """Served last, and not yet come to its next await."""
        self._position = 0
        self.instead = ""
        """An error that a frame came to while recorded events were still to come."""

    @property
    def over(self) -> bool:
        """Everything recorded has happened again, and what was in flight has been let go on."""
        return self._position == len(self._script) and not self._live

    @property
    def scripted(self) -> bool:
        """Recorded events are still to come."""
        return self._position < len(self._script)

    def awaits(self, frame: int) -> bool:
        """Whether something recorded of this frame is still to come: its unit goes on at least as far as it had
        come.
        """
        return any(which[0] == frame for _, _, which in self._script[self._position :])

    def stuck_on(self) -> str:
        """The event a replay waits for that does not go on, for the error message."""
        if not self.scripted:
            return ""
        tick, what, which = self._script[self._position]
        state = self._state
        assert state is not None
        if what == "edit":
            return f"event {tick:g}, the change of {which[3]} by a fork"
        frame, key = which
        row = state.frame(frame)
        whose = f"{row.playbook} of {row.agent}"
        if key[0] == "task":
            _, path, happened, _ = key
            return f"event {tick}, task {'.'.join(map(str, path)) or 'main'} {happened} in {whose}"
        label = next((held[key][1] for at, held in state.record.items() if at[0] == frame and key in held), "a call")
        return f"event {tick}, {'the end' if what == 'serve' else 'the call'} of {label} in {whose}"

    def happens(self, what: Hashable) -> None:
        """A begin, task event or wake-up has happened again."""
        if self.scripted:
            self._happened.add(what)
            asyncio.get_running_loop().call_soon(self._advance)  # after its code has come to its next await

    async def serve(self, what: Hashable) -> None:
        """Returns when it is this recorded end's turn."""
        if self._error:
            raise self._error
        turn = asyncio.get_running_loop().create_future()
        self._waiting[what] = turn
        self._advance()
        await turn
        self._going_on = asyncio.current_task()
        asyncio.get_running_loop().call_soon(self._served)  # after what this outcome wakes has begun its next

    async def go_live(self, began: float) -> None:
        """Returns when the record is used up and it is this one's turn among what was in flight.

        Args:
            began: Its tick; `NEW` when it had not begun at the cut.
        """
        if self._error:
            raise self._error
        turn = asyncio.get_running_loop().create_future()
        # Whoever had the last outcome went on at once, before others that could have begun something.
        waited = asyncio.current_task() is not self._going_on
        self._live.append((began, waited, len(self._live), turn))
        asyncio.get_running_loop().call_soon(self._advance)
        await turn

    def _served(self) -> None:
        self._serving = False
        self._going_on = None
        self._advance()

    def _advance(self) -> None:
        while self._position < len(self._script) and not self._serving:
            _, what, which = self._script[self._position]
            if (what == "happens" and which not in self._happened) or (what == "serve" and which not in self._waiting):
                return
            self._position += 1
            if what == "edit":
                assert self._edit
                self._edit(*which)
            elif what == "serve":
                self._serving = True
                turn = self._waiting.pop(which)
                if not turn.done():
                    turn.set_result(None)
        if self._position == len(self._script) and not self._serving:
            live, self._live = sorted(self._live, key=lambda entry: entry[:3]), []
            for *_, turn in live:
                if not turn.done():
                    turn.set_result(None)
            if self._ended:
                self._ended()

    def came_to(self, error: str) -> None:
        """A frame came to an error, which had better be recorded too: else it is why the replay stands still."""
        if self.scripted:
            self.instead = self.instead or error

    def fail(self, error: BaseException) -> None:
        """Ends the replay with an error for all that wait in it, or will."""
        self._error = error
        for turn in (*self._waiting.values(), *(turn for *_, turn in self._live)):
            if not turn.done():
                turn.set_exception(error)
